#include "engine/steps/mail_people.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/json.h"
#include "base/text.h"
#include "engine/build_object.h"
#include "engine/builds.h"
#include "engine/mail.h"
#include "engine/values.h"

namespace ks::engine {
namespace {

constexpr size_t kMostEarlierRuns = 50;
constexpr size_t kMostRecipients = 200;

json::array changes_of(const json::array& checkouts) {
  json::array all;
  for (const json::value& checkout : checkouts) {
    const json::value* changes = find(checkout, {"changes"});
    if (changes == nullptr || !changes->is_array()) continue;
    for (const json::value& change : changes->get_array()) all.push_back(change);
  }
  return all;
}

/// Anybody can put anything into a commit: it must be one plain address.
bool is_plain_address(std::string_view text) {
  const size_t at = text.find('@');
  return at != 0 && at != text.npos && at + 1 < text.size() && text.size() <= 254 &&
         std::ranges::all_of(text,
                             [](char c) {
                               return static_cast<unsigned char>(c) > 0x20 && c != 0x7f &&
                                      !std::string_view("<>,;:\"()[]\\").contains(c);
                             }) &&
         text.find('@', at + 1) == text.npos;
}

class Recipients {
 public:
  explicit Recipients(StepCall& call) : call_(call) {}

  void add_provider(const std::string& name) {
    const BuildResult result = call_.run.shown_result.value_or(call_.run.result());
    if (name == "developers" || name == "DevelopersRecipientProvider") {
      add_authors(own_changes(call_.run));
    } else if (name == "culprits" || name == "CulpritsRecipientProvider") {
      add_authors(own_changes(call_.run));
      for (const RunChanges& one : changes_since(call_, BuildResult::success)) add_authors(one);
    } else if (name == "brokenBuildSuspects" ||
               name == "FirstFailingBuildSuspectsRecipientProvider") {
      if (result >= BuildResult::failure) add_first_of_row(BuildResult::unstable);
    } else if (name == "brokenTestsSuspects" || name == "FailingTestSuspectsRecipientProvider") {
      if (call_.run.tests().value_or(TestSummary{}).failed > 0)
        add_first_of_row(BuildResult::success);
    } else if (name == "previous" || name == "PreviousRecipientProvider") {
      add_previous();
    } else if (name == "upstreamDevelopers" || name == "UpstreamComitterRecipientProvider") {
      add_upstream();
    } else if (name == "requestor" || name == "RequesterRecipientProvider" || name == "buildUser" ||
               name == "BuildUserRecipientProvider") {
      add_requestor();
    } else if (name == "recipients" || name == "ListRecipientProvider") {
      const MailServer* server = call_.run.services().mail;
      if (server == nullptr) return;
      for (std::string& address : mail_addresses(server->default_recipients))
        add(std::move(address));
    } else {
      call_.run.print_line(fmt::format("emailext: '{}' names nobody here", name));
    }
  }
  std::vector<std::string> take() { return std::move(found_); }

 private:
  void add(std::string address) {
    if (found_.size() < kMostRecipients && known_.insert(to_lower(address)).second)
      found_.push_back(std::move(address));
  }
  void add_authors(const RunChanges& of) {
    for (const json::value& change : of.changes) {
      const std::string address(text_at(change, {"authorEmail"}));
      if (is_plain_address(address)) {
        add(address);
      } else {
        say_unknown(std::string(text_at(change, {"authorName"})));
      }
    }
  }
  /// The run with which a row of bad ones began: who changed something there is to blame.
  void add_first_of_row(BuildResult good) {
    const std::vector<RunChanges> row = changes_since(call_, good);
    add_authors(row.empty() ? own_changes(call_.run) : row.back());
  }
  void add_previous() {
    Builds& builds = builds_of(call_.run);
    const RunSpec& spec = call_.run.spec();
    const json::value changes = call_.run.draw(call_.task, "changes", [&]() -> json::value {
      for (const uint64_t number : builds.numbers(spec.job)) {
        if (number < spec.number) return changes_of(builds.checkouts(spec.job, number));
      }
      return json::array();
    });
    add_authors({.changes = changes.as_array()});
  }
  void add_upstream() {
    Builds& builds = builds_of(call_.run);
    for (const std::string& cause : call_.run.spec().causes) {
      const json::value facts = cause_facts(cause);
      const std::string job(text_at(facts, {"upstreamProject"}));
      if (job.empty()) continue;
      const auto number = static_cast<uint64_t>(int_at(facts, {"upstreamBuild"}));
      const json::value changes = call_.run.draw(call_.task, "changes", [&] {
        return json::value(changes_of(builds.checkouts(job, number)));
      });
      add_authors({.changes = changes.as_array()});
    }
  }
  /// Who started it, or the run that started it.
  void add_requestor() {
    constexpr std::string_view kStarted = "Started by user ";
    for (const std::string& cause : call_.run.spec().causes) {
      for (std::string_view line : split(cause, '\n')) {
        line = trim(line);
        if (line.starts_with(kStarted)) add_user(std::string(line.substr(kStarted.size())));
      }
    }
  }
  void add_user(const std::string& name) {
    const MailServer* server = call_.run.services().mail;
    const std::string address =
        name.contains('@') || server == nullptr ? name : name + server->user_suffix;
    if (is_plain_address(address)) {
      add(address);
    } else {
      say_unknown(name);
    }
  }
  void say_unknown(const std::string& name) {
    if (!unknown_.insert(name).second) return;
    call_.run.print_line(
        fmt::format("emailext: no mail address of '{}' is known (mail.userSuffix of the server "
                    "gives users one)",
                    name));
  }

  StepCall& call_;
  std::vector<std::string> found_;
  std::set<std::string> known_, unknown_;
};

}  // namespace

RunChanges own_changes(const Run& run) {
  return {.number = run.spec().number, .changes = changes_of(run.checkouts())};
}

std::vector<RunChanges> changes_since(StepCall& call, BuildResult good) {
  Run& run = call.run;
  Builds& builds = builds_of(run);
  const json::value drawn = run.draw(call.task, "changes", [&]() -> json::value {
    json::array list;
    for (const uint64_t number : builds.numbers(run.spec().job)) {
      if (number >= run.spec().number) continue;
      if (list.size() >= kMostEarlierRuns) break;
      const auto facts = builds.facts(run.spec().job, number);
      if (!facts) continue;
      const auto result = parse_result(text_at(json::value(*facts), {"result"}));
      if (!bool_at(json::value(*facts), {"building"}) && result && *result <= good) break;
      list.push_back(json::object{
          {"number", number}, {"changes", changes_of(builds.checkouts(run.spec().job, number))}});
    }
    return list;
  });
  std::vector<RunChanges> out;
  for (const json::value& one : drawn.as_array())
    out.push_back({static_cast<uint64_t>(int_at(one, {"number"})), one.at("changes").as_array()});
  return out;
}

std::vector<std::string> provided_recipients(StepCall& call) {
  const groovy::Value given = call.value("recipientProviders");
  std::vector<groovy::Value> providers{given};
  if (groovy::is_list(given)) providers = groovy::list_items(call.task, given);
  Recipients recipients(call);
  for (const groovy::Value& one : providers) {
    const json::value described = data_of(call, one);
    std::string_view name = text_at(described, {"$class"});
    name = name.substr(name.rfind('.') + 1);
    recipients.add_provider(name.empty() ? to_json(described) : std::string(name));
  }
  return recipients.take();
}

}  // namespace ks::engine
