#include "engine/test_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <pugixml.hpp>
#include <vector>

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"

namespace ks::engine {
namespace {

constexpr size_t kMaxReportBytes = 256u << 20;
constexpr int kMaxReportDepth = 200;
// Of one case; beyond that the middle is left out.
constexpr size_t kMaxTraceBytes = 100'000, kMaxPassedOutputBytes = 1000, kMaxOutputBytes = 100'000;
constexpr size_t kMaxLongOutputBytes = 4u << 20;
constexpr size_t kMaxTextBytes = 64u << 20;  // of one report; later texts are left out

int depth_of(std::string_view xml) {
  int depth = 0, deepest = 0;
  for (size_t i = 0; i + 1 < xml.size(); i++) {
    if (xml[i] != '<') continue;
    if (xml[i + 1] == '/') {
      depth--;
    } else if (xml[i + 1] != '!' && xml[i + 1] != '?') {
      const size_t end = xml.find('>', i);
      if (end != xml.npos && xml[end - 1] != '/') deepest = std::max(deepest, ++depth);
    }
  }
  return deepest;
}

/// Beginning and end of what is too long.
std::string cut(std::string_view text, size_t most) {
  if (text.size() <= most) return to_utf8_lossy(text);
  const size_t half = most / 2;
  return to_utf8_lossy(text.substr(0, half)) +
         fmt::format("...[truncated {} bytes]...", text.size() - 2 * half) +
         to_utf8_lossy(text.substr(text.size() - half));
}

double seconds(const pugi::xml_node& node) {
  // Some tools group digits: `1,234.5`.
  const std::string text = replace_all(node.attribute("time").as_string(), ",", "");
  const double value = std::strtod(text.c_str(), nullptr);
  return value >= 0 && value < 1e9 ? value : 0;
}

struct Reading {
  bool long_output = false;
  json::array suites = {};
  size_t room = kMaxTextBytes;

  std::string keep(std::string_view text, size_t most) {
    std::string kept = cut(text, std::min(most, room));
    room -= std::min(room, kept.size());
    return kept;
  }
};

json::object read_case(const pugi::xml_node& node, const std::string& suite, Reading& reading) {
  pugi::xml_node wrong = node.child("failure");
  if (!wrong) wrong = node.child("error");
  const pugi::xml_node skipped = node.child("skipped");
  std::string class_name = node.attribute("classname").as_string();
  json::object one{{"className", class_name.empty() ? suite : to_utf8_lossy(class_name)},
                   {"name", to_utf8_lossy(node.attribute("name").as_string())},
                   {"status", wrong     ? "FAILED"
                              : skipped ? "SKIPPED"
                                        : "PASSED"},
                   {"skipped", !wrong && skipped},
                   {"age", 0},
                   {"failedSince", 0},
                   {"duration", seconds(node)},
                   {"errorDetails", nullptr},
                   {"errorStackTrace", nullptr},
                   {"skippedMessage", nullptr},
                   {"stdout", nullptr},
                   {"stderr", nullptr}};
  if (wrong) {
    one["errorDetails"] = reading.keep(wrong.attribute("message").as_string(), kMaxTraceBytes);
    one["errorStackTrace"] = reading.keep(wrong.text().as_string(), kMaxTraceBytes);
  }
  if (skipped) {
    const std::string why = skipped.attribute("message").as_string();
    one["skippedMessage"] =
        reading.keep(why.empty() ? skipped.text().as_string() : why, kMaxTraceBytes);
  }
  const size_t most = reading.long_output ? kMaxLongOutputBytes
                      : wrong             ? kMaxOutputBytes
                                          : kMaxPassedOutputBytes;
  for (const auto& [member, child] :
       {std::pair("stdout", "system-out"), std::pair("stderr", "system-err")}) {
    if (node.child(child)) one[member] = reading.keep(node.child(child).text().as_string(), most);
  }
  return one;
}

/// Suites hold cases, or suites again.
void read_suites(const pugi::xml_node& node, Reading& reading) {
  json::array cases;
  const std::string name = to_utf8_lossy(node.attribute("name").as_string());
  double duration = 0;
  for (const pugi::xml_node& child : node.children()) {
    if (std::string_view(child.name()) == "testcase") {
      duration += seconds(child);
      cases.push_back(read_case(child, name, reading));
    } else if (child.type() == pugi::node_element) {
      read_suites(child, reading);
    }
  }
  if (cases.empty()) return;
  reading.suites.push_back(
      json::object{{"name", name},
                   {"duration", node.attribute("time") ? seconds(node) : duration},
                   {"timestamp", to_utf8_lossy(node.attribute("timestamp").as_string())},
                   {"cases", std::move(cases)}});
}

std::string key_of(const json::value& suite, const json::value& one) {
  return fmt::format("{}\n{}\n{}", text_at(suite, {"name"}), text_at(one, {"className"}),
                     text_at(one, {"name"}));
}

template <class Call>
void each_case(const json::object& report, const Call& call) {
  const json::value* suites = report.if_contains("suites");
  if (suites == nullptr || !suites->is_array()) return;
  for (const json::value& suite : suites->get_array()) {
    const json::value* cases = find(suite, {"cases"});
    if (cases == nullptr || !cases->is_array()) continue;
    for (const json::value& one : cases->get_array()) call(suite, one);
  }
}

/// Counts the cases anew.
void add_counts(json::object& report) {
  int64_t failed = 0, skipped = 0, total = 0;
  double duration = 0;
  each_case(report, [&](const json::value&, const json::value& one) {
    total++;
    const std::string_view status = text_at(one, {"status"});
    if (status == "FAILED" || status == "REGRESSION") failed++;
    if (status == "SKIPPED") skipped++;
  });
  for (const json::value& suite : report.at("suites").as_array())
    duration += suite.at("duration").to_number<double>();
  report["duration"] = duration;
  report["totalCount"] = total;
  report["passCount"] = total - failed - skipped;
  report["failCount"] = failed;
  report["skipCount"] = skipped;
}

}  // namespace

Result<json::array> read_junit(const std::string& path, bool long_output) {
  const std::string text = TRY(read_file(path, kMaxReportBytes));
  if (depth_of(text) > kMaxReportDepth)
    return Error{Code::invalid, path + ": nested too deeply for a test report"};
  pugi::xml_document document;
  const pugi::xml_parse_result parsed = document.load_buffer(text.data(), text.size());
  if (!parsed) {
    return Error{Code::invalid,
                 fmt::format("{}: {} at byte {}", path, parsed.description(), parsed.offset)};
  }
  Reading reading{.long_output = long_output};
  read_suites(document, reading);
  return std::move(reading.suites);
}

json::object make_test_report(json::array suites, const json::object* earlier, uint64_t number) {
  struct Before {
    bool passed = false, failed = false;
    int64_t failed_since = 0;
  };
  std::map<std::string, Before> before;
  if (earlier != nullptr) {
    each_case(*earlier, [&](const json::value& suite, const json::value& one) {
      const std::string_view status = text_at(one, {"status"});
      before[key_of(suite, one)] = {.passed = status == "PASSED" || status == "FIXED",
                                    .failed = status == "FAILED" || status == "REGRESSION",
                                    .failed_since = int_at(one, {"failedSince"})};
    });
  }
  for (json::value& suite : suites) {
    for (json::value& value : suite.at("cases").as_array()) {
      json::object& one = value.as_object();
      const auto known = before.find(key_of(suite, value));
      const Before* had = known == before.end() ? nullptr : &known->second;
      const std::string_view status = text_at(value, {"status"});
      if (status == "PASSED" && had != nullptr && !had->passed) one["status"] = "FIXED";
      if (status != "FAILED") continue;
      if (had != nullptr && had->passed) one["status"] = "REGRESSION";
      const auto now = static_cast<int64_t>(number);
      const int64_t since = had != nullptr && had->failed && had->failed_since > 0
                                ? std::min(had->failed_since, now)
                                : now;
      one["failedSince"] = since;
      one["age"] = now - since + 1;
    }
  }
  json::object report{{"suites", std::move(suites)}};
  add_counts(report);
  return report;
}

TestSummary summary_of(const json::object& report) {
  const json::value whole(report);
  return {.total = int_at(whole, {"totalCount"}),
          .failed = int_at(whole, {"failCount"}),
          .skipped = int_at(whole, {"skipCount"})};
}

Result<std::optional<json::object>> read_test_report(const std::string& folder) {
  std::vector<std::pair<int64_t, std::string>> files;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (const auto number = parse_int(entry.path().stem().string()))
      files.emplace_back(*number, entry.path().string());
  }
  if (files.empty()) return std::optional<json::object>();
  std::ranges::sort(files);
  json::array suites;
  for (const auto& [number, file] : files) {
    json::value one = TRY(parse_json(TRY(read_file(file, 2 * kMaxReportBytes))));
    if (json::value* list = one.is_object() ? one.get_object().if_contains("suites") : nullptr;
        list != nullptr && list->is_array()) {
      for (json::value& suite : list->get_array()) suites.push_back(std::move(suite));
    }
  }
  json::object report{{"suites", std::move(suites)}};
  add_counts(report);
  return std::optional(std::move(report));
}

}  // namespace ks::engine
