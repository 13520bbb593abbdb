#include "cmd/jenkinsfile/language_server.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <filesystem>
#include <optional>
#include <set>

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "base/version.h"
#include "cmd/jenkinsfile/document.h"
#include "cmd/jenkinsfile/lint_report.h"
#include "cmd/jenkinsfile/source.h"
#include "cmd/jenkinsfile/step_help.h"
#include "engine/step_catalog.h"
#include "groovy/format.h"
#include "pipeline/lint.h"
#include "pipeline/step_guide.h"

namespace ks::cmd {
namespace {

constexpr int kParseError = -32700, kInvalidRequest = -32600, kMethodNotFound = -32601,
              kInvalidParams = -32602, kNotInitialized = -32002;
constexpr size_t kMostDiagnostics = 1000;
constexpr size_t kMostCompletions = 2000;

/// Kinds of completion items and their numbers in the protocol.
enum class Item : int { function = 3, field = 5, property = 10, keyword = 14 };

json::object position_json(TextPosition position) {
  return {{"line", position.line}, {"character", position.character}};
}

json::object range_json(uint32_t line, uint32_t column, uint32_t end_line, uint32_t end_column) {
  auto zero_based = [](uint32_t one_based) { return one_based == 0 ? 0 : one_based - 1; };
  TextPosition begin{zero_based(line), zero_based(column)};
  TextPosition end{zero_based(end_line), zero_based(end_column)};
  if (end.line < begin.line || (end.line == begin.line && end.character < begin.character))
    end = begin;
  return {{"start", position_json(begin)}, {"end", position_json(end)}};
}

std::optional<TextPosition> position_from(const json::value* value) {
  if (value == nullptr) return std::nullopt;
  const int64_t line = int_at(*value, {"line"}, -1), character = int_at(*value, {"character"}, -1);
  if (line < 0 || character < 0) return std::nullopt;
  constexpr int64_t kMost = UINT32_MAX;
  return TextPosition{static_cast<uint32_t>(std::min(line, kMost)),
                      static_cast<uint32_t>(std::min(character, kMost))};
}

/// Empty for what is no file of this machine.
std::string path_of(std::string_view uri) {
  constexpr std::string_view kScheme = "file://";
  return uri.starts_with(kScheme) ? percent_decode(uri.substr(kScheme.size())) : "";
}

std::string uri_of(const std::string& path) { return "file://" + percent_encode(path, "/"); }

json::object location(const std::string& uri, std::string_view text, size_t begin, size_t end) {
  return {{"uri", uri},
          {"range",
           {{"start", position_json(position_of(text, begin))},
            {"end", position_json(position_of(text, end))}}}};
}

/// Where a method of this name is declared: `def name(`, `String name(`.
std::optional<Word> declaration_of(std::string_view text, std::string_view name) {
  for (size_t at = text.find(name); at != text.npos; at = text.find(name, at + 1)) {
    const Word word = word_at(text, at);
    if (word.begin != at || word.text != name) continue;
    size_t after = word.end;
    while (after < text.size() && text[after] == ' ') after++;
    const size_t line = at == 0 ? 0 : text.rfind('\n', at - 1) + 1;
    const std::string_view before = trim(text.substr(line, at - line));
    const bool call = after < text.size() && text[after] == '(';
    const bool typed = !before.empty() && !word_at(before, before.size()).text.empty() &&
                       !before.ends_with("return") && !before.ends_with("new") &&
                       before.find_first_of("=(.,{") == before.npos;
    if (call && typed) return word;
    if (!call && (before == "def" || before.ends_with(" def"))) return word;
  }
  return std::nullopt;
}

json::object item(std::string_view label, Item kind, std::string_view detail,
                  std::string_view insert) {
  return {{"label", label},
          {"kind", static_cast<int>(kind)},
          {"detail", detail},
          {"insertText", insert}};
}

}  // namespace

LanguageServer::LanguageServer(LanguageServerOptions options, Send send)
    : options_(std::move(options)),
      send_(std::move(send)),
      catalog_(engine::catalog_of(engine::builtin_steps())),
      libraries_(options_.libraries) {}

LanguageServer::~LanguageServer() = default;

// ----- messages -----

void LanguageServer::handle(const json::value& message) {
  const json::object* object = message.if_object();
  const json::value* method = object == nullptr ? nullptr : object->if_contains("method");
  const json::value* id = object == nullptr ? nullptr : object->if_contains("id");
  if (method == nullptr || !method->is_string()) {
    // An answer of the client, to a question that was never asked, is none of our business.
    const bool answer =
        object != nullptr && (object->contains("result") || object->contains("error"));
    if (!answer) refuse(kInvalidRequest, "a message needs a method");
    return;
  }
  static const json::value kNone = nullptr;
  const json::value* params = object->if_contains("params");
  if (params == nullptr) params = &kNone;
  const std::string_view name = method->get_string();
  if (id == nullptr) {
    notification(name, *params);
  } else if (!id->is_string() && !id->is_number()) {
    refuse(kInvalidRequest, "an id is a number or a string");
  } else {
    request(*id, name, *params);
  }
}

void LanguageServer::refuse(int code, std::string_view why) { fail(nullptr, code, why); }

void LanguageServer::answer(const json::value& id, json::value result) {
  send_(json::object{{"jsonrpc", "2.0"}, {"id", id}, {"result", std::move(result)}});
}

void LanguageServer::fail(const json::value& id, int code, std::string_view message) {
  send_(json::object{
      {"jsonrpc", "2.0"}, {"id", id}, {"error", {{"code", code}, {"message", message}}}});
}

void LanguageServer::request(const json::value& id, std::string_view method,
                             const json::value& params) {
  if (method == "initialize") return answer(id, initialize(params));
  if (!initialized_) return fail(id, kNotInitialized, "initialize comes first");
  if (shut_down_) return fail(id, kInvalidRequest, "the server was shut down");
  if (method == "shutdown") {
    shut_down_ = true;
    return answer(id, nullptr);
  }
  using Answer = json::value (LanguageServer::*)(const json::value&) const;
  const Answer how = method == "textDocument/completion"   ? &LanguageServer::completion
                     : method == "textDocument/hover"      ? &LanguageServer::hover
                     : method == "textDocument/definition" ? &LanguageServer::definition
                     : method == "textDocument/formatting" ? &LanguageServer::formatting
                                                           : nullptr;
  if (how == nullptr)
    return fail(id, kMethodNotFound, fmt::format("no method '{}'", method.substr(0, 200)));
  if (document(params) == nullptr)
    return fail(id, kInvalidParams, "textDocument.uri names no open document");
  answer(id, (this->*how)(params));
}

void LanguageServer::notification(std::string_view method, const json::value& params) {
  if (method == "exit") {
    ended_ = true;
  } else if (!initialized_ || shut_down_) {
    return;
  } else if (method == "textDocument/didOpen") {
    open(params);
  } else if (method == "textDocument/didChange") {
    change(params);
  } else if (method == "textDocument/didClose") {
    close(params);
  }
}

json::value LanguageServer::initialize(const json::value& params) {
  initialized_ = true;
  if (const json::value* list = find(params, {"initializationOptions", "libraries"});
      list != nullptr && list->is_array()) {
    for (const json::value& one : list->get_array()) {
      if (one.is_string()) libraries_.emplace_back(one.get_string());
    }
  }
  // A repository that is itself a library.
  const std::string root = path_of(text_at(params, {"rootUri"}));
  if (!root.empty() && file_exists(root + "/vars")) libraries_.push_back(root);
  json::object capabilities{
      {"positionEncoding", "utf-16"},
      {"textDocumentSync", {{"openClose", true}, {"change", 2}}},
      {"completionProvider", {{"triggerCharacters", json::array{"(", ",", " "}}}},
      {"hoverProvider", true},
      {"definitionProvider", true},
      {"documentFormattingProvider", true}};
  return {{"capabilities", std::move(capabilities)},
          {"serverInfo", {{"name", "ks"}, {"version", kVersion}}}};
}

// ----- documents -----

const std::string* LanguageServer::document(const json::value& params) const {
  const auto found = documents_.find(std::string(text_at(params, {"textDocument", "uri"})));
  return found == documents_.end() ? nullptr : &found->second;
}

void LanguageServer::put(const std::string& uri, std::string text) {
  const auto before = documents_.find(uri);
  const size_t freed = before == documents_.end() ? 0 : before->second.size();
  const bool too_many = before == documents_.end() && documents_.size() >= options_.documents;
  if (too_many || bytes_ - freed + text.size() > options_.all_bytes) {
    send_(json::object{
        {"jsonrpc", "2.0"},
        {"method", "window/showMessage"},
        {"params",
         {{"type", 2},
          {"message",
           fmt::format("ks lsp: {} is left out: at most {} documents of {} together",
                       uri.substr(0, 500), options_.documents, human_size(options_.all_bytes))}}}});
    if (before != documents_.end()) documents_.erase(before);
    bytes_ -= freed;
    return;
  }
  bytes_ = bytes_ - freed + text.size();
  documents_[uri] = std::move(text);
  publish(uri);
}

void LanguageServer::open(const json::value& params) {
  const std::string uri(text_at(params, {"textDocument", "uri"}));
  if (!uri.empty()) put(uri, std::string(text_at(params, {"textDocument", "text"})));
}

void LanguageServer::change(const json::value& params) {
  const std::string uri(text_at(params, {"textDocument", "uri"}));
  const auto found = documents_.find(uri);
  const json::value* changes = find(params, {"contentChanges"});
  if (found == documents_.end() || changes == nullptr || !changes->is_array()) return;
  std::string text = found->second;
  for (const json::value& one : changes->get_array()) {
    const std::string_view with = text_at(one, {"text"});
    const auto begin = position_from(find(one, {"range", "start"}));
    const auto end = position_from(find(one, {"range", "end"}));
    if (!begin || !end) {
      text = with;
      continue;
    }
    const size_t from = offset_of(text, *begin), to = std::max(from, offset_of(text, *end));
    text.replace(from, to - from, with);
    // Each change may double it: look before the next.
    if (text.size() > options_.all_bytes) break;
  }
  put(uri, std::move(text));
}

void LanguageServer::close(const json::value& params) {
  const auto found = documents_.find(std::string(text_at(params, {"textDocument", "uri"})));
  if (found == documents_.end()) return;
  bytes_ -= found->second.size();
  const std::string uri = found->first;
  documents_.erase(found);
  send_(json::object{{"jsonrpc", "2.0"},
                     {"method", "textDocument/publishDiagnostics"},
                     {"params", {{"uri", uri}, {"diagnostics", json::array()}}}});
}

void LanguageServer::publish(const std::string& uri) const {
  const std::string& text = documents_.at(uri);
  json::array diagnostics;
  if (text.size() > options_.document_bytes) {
    diagnostics.push_back(json::object{
        {"range", range_json(1, 1, 1, 1)},
        {"severity", 3},
        {"source", "ks"},
        {"message",
         fmt::format("not checked: it is over {}", human_size(options_.document_bytes))}});
  } else {
    pipeline::LintOptions options{.catalog = &catalog_, .runs = runs_here, .library_steps = {}};
    for (const std::string& folder : libraries_) {
      for (std::string& name : library_steps(folder))
        options.library_steps.push_back(std::move(name));
    }
    for (const pipeline::Finding& finding : pipeline::lint(text, options).findings) {
      if (diagnostics.size() == kMostDiagnostics) break;
      const bool error = finding.severity == pipeline::Severity::error;
      json::object one{
          {"range", range_json(finding.line, finding.column, finding.end_line, finding.end_column)},
          {"severity", error ? 1 : 2},
          {"code", to_string(finding.rule)},
          {"source", "ks"},
          {"message", finding.hint.empty() ? finding.message
                                           : fmt::format("{}\n{}", finding.message, finding.hint)}};
      // Editors show what is never reached or read in a paler colour.
      if (finding.rule == pipeline::Rule::unreachable_code ||
          finding.rule == pipeline::Rule::unused_variable)
        one["tags"] = json::array{1};
      diagnostics.push_back(std::move(one));
    }
  }
  send_(json::object{{"jsonrpc", "2.0"},
                     {"method", "textDocument/publishDiagnostics"},
                     {"params", {{"uri", uri}, {"diagnostics", std::move(diagnostics)}}}});
}

// ----- questions -----

json::value LanguageServer::completion(const json::value& params) const {
  const std::string& text = *document(params);
  json::array items;
  const auto position = position_from(find(params, {"position"}));
  if (!position) return items;
  const size_t offset = offset_of(text, *position);
  const Surroundings around = surroundings_of(text, offset);
  if (around.in_string) return items;
  const CallAround call = call_around(text, offset, around);
  if (const auto step = catalog_.steps.find(call.name); step != catalog_.steps.end()) {
    for (const pipeline::ParameterType& parameter : step->second.parameters) {
      if (std::ranges::find(call.given, parameter.name) != call.given.end()) continue;
      items.push_back(
          item(parameter.name, Item::property, parameter_detail(parameter), parameter.name + ": "));
    }
    // `timeout(time: 1) { | }` is in the block, not among arguments: steps follow below.
    if (!items.empty()) return {{"isIncomplete", false}, {"items", std::move(items)}};
  }
  const std::string block = around.open.empty() ? "" : around.open.back().name;
  add_names(items, block);
  add_steps(items);
  return {{"isIncomplete", items.size() >= kMostCompletions}, {"items", std::move(items)}};
}

/// What a section of Declarative may hold.
void LanguageServer::add_names(json::array& items, std::string_view block) const {
  const pipeline::Signatures* names =
      block == "options"      ? &catalog_.options
      : block == "triggers"   ? &catalog_.triggers
      : block == "parameters" ? &catalog_.parameters
      : block == "agent"      ? &catalog_.agents
      : block == "when" || block == "allOf" || block == "anyOf" || block == "not"
          ? &catalog_.conditions
          : nullptr;
  if (names != nullptr) {
    for (const auto& [name, signature] : *names)
      items.push_back(item(name, Item::field, signature_text(name, signature), name));
  }
  for (std::string_view word : section_words(block))
    items.push_back(item(word, Item::keyword, "", word));
}

void LanguageServer::add_steps(json::array& items) const {
  for (const auto& [name, signature] : catalog_.steps) {
    const pipeline::StepGuide* guide = pipeline::step_guide(name);
    if (guide == nullptr) continue;  // a symbol
    json::object one = item(name, Item::function, signature_text(name, signature),
                            signature.block ? name + " {" : name);
    one["documentation"] = json::object{{"kind", "markdown"}, {"value", step_help(name, catalog_)}};
    if (!runs_here(name)) one["tags"] = json::array{1};
    items.push_back(std::move(one));
  }
  for (const std::string& folder : libraries_) {
    for (const std::string& name : library_steps(folder)) {
      if (items.size() >= kMostCompletions) return;
      items.push_back(item(name, Item::function, "of a shared library", name));
    }
  }
}

json::value LanguageServer::hover(const json::value& params) const {
  const std::string& text = *document(params);
  const auto position = position_from(find(params, {"position"}));
  if (!position) return nullptr;
  const Word word = word_at(text, offset_of(text, *position));
  if (word.text.empty()) return nullptr;
  std::string help = step_help(word.text, catalog_);
  if (help.empty()) {
    const std::string file = library_file(word.text);
    if (file.empty()) return nullptr;
    // The help of a global variable is the text beside it.
    const std::string beside =
        file.substr(0, file.size() - std::string_view("groovy").size()) + "txt";
    const Result<std::string> told = read_file(beside, 64 << 10);
    help = fmt::format("**{}** of the shared library\n\n{}", word.text,
                       told ? to_utf8_lossy(*told) : "");
  }
  return {{"contents", {{"kind", "markdown"}, {"value", help}}},
          {"range", location("", text, word.begin, word.end).at("range")}};
}

/// vars/NAME.groovy, or the class NAME below src/; empty when no library has it.
std::string LanguageServer::library_file(std::string_view name) const {
  namespace fs = std::filesystem;
  constexpr size_t kMostFiles = 20'000;
  const std::string file = std::string(name) + ".groovy";
  if (name.find_first_of("/.\\") != name.npos) return "";
  for (const std::string& folder : libraries_) {
    if (file_exists(folder + "/vars/" + file)) return folder + "/vars/" + file;
    std::error_code error;
    size_t seen = 0;
    for (fs::recursive_directory_iterator at(folder + "/src", error), end; !error && at != end;
         at.increment(error)) {
      if (at->path().filename() == file) return at->path().string();
      if (++seen > kMostFiles) break;
    }
  }
  return "";
}

json::value LanguageServer::definition(const json::value& params) const {
  const std::string& text = *document(params);
  const auto position = position_from(find(params, {"position"}));
  if (!position) return nullptr;
  const Word word = word_at(text, offset_of(text, *position));
  if (word.text.empty()) return nullptr;
  // `helpers.build()`: the method in the library's variable.
  const bool member = word.begin > 0 && text[word.begin - 1] == '.';
  const std::string_view owner = member ? word_at(text, word.begin - 1).text : std::string_view();
  if (!member) {
    if (const std::optional<Word> here = declaration_of(text, word.text))
      return location(std::string(text_at(params, {"textDocument", "uri"})), text, here->begin,
                      here->end);
  }
  // `new org.example.Helper()` is a member of nothing.
  std::string file = library_file(member ? owner : word.text);
  const bool of_owner = member && !file.empty();
  if (member && file.empty()) file = library_file(word.text);
  if (file.empty()) return nullptr;
  const Result<std::string> source = read_file(file, options_.document_bytes);
  if (!source) return nullptr;
  const std::optional<Word> there = declaration_of(*source, of_owner ? word.text : "call");
  return location(uri_of(std::filesystem::absolute(file).string()), *source,
                  there ? there->begin : 0, there ? there->end : 0);
}

json::value LanguageServer::formatting(const json::value& params) const {
  const std::string& text = *document(params);
  if (text.size() > options_.document_bytes) return nullptr;
  const int64_t indent = int_at(params, {"options", "tabSize"}, 2);
  const groovy::Formatted formatted =
      groovy::format(text, {.indent = static_cast<int>(std::clamp<int64_t>(indent, 1, 16))});
  if (!formatted) return nullptr;
  if (formatted.text == text) return json::array();
  json::object edit{{"range", location("", text, 0, text.size()).at("range")},
                    {"newText", formatted.text}};
  return json::array{std::move(edit)};
}

}  // namespace ks::cmd
