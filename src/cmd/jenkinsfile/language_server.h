#pragma once

#include <boost/json/fwd.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/catalog.h"

/// The Language Server Protocol 3.17 for Jenkinsfiles.

namespace ks::cmd {

namespace json = boost::json;

struct LanguageServerOptions {
  std::vector<std::string> libraries;  ///< folders of shared libraries, with vars/ and src/
  size_t document_bytes = 2 << 20;     ///< a bigger one is kept, but not checked
  size_t documents = 1000;
  size_t all_bytes = 64 << 20;  ///< of all documents together
};

/// Answers messages one after another; knows nothing of how they travel.
///
///   LanguageServer server({}, [](const json::value& message) { write_frame(message); });
///   while (!server.ended()) server.handle(read_frame());
class LanguageServer {
 public:
  using Send = std::function<void(const json::value&)>;
  LanguageServer(LanguageServerOptions options, Send send);
  ~LanguageServer();

  /// A request, a notification, or something that is neither: that gets an error.
  void handle(const json::value& message);
  /// A frame that holds no JSON.
  void refuse(int code, std::string_view why);
  bool ended() const { return ended_; }
  /// 0 when the client said `shutdown` before `exit`.
  int exit_code() const { return shut_down_ ? 0 : 1; }

 private:
  void request(const json::value& id, std::string_view method, const json::value& params);
  void notification(std::string_view method, const json::value& params);
  void answer(const json::value& id, json::value result);
  void fail(const json::value& id, int code, std::string_view message);

  json::value initialize(const json::value& params);
  json::value completion(const json::value& params) const;
  json::value hover(const json::value& params) const;
  json::value definition(const json::value& params) const;
  json::value formatting(const json::value& params) const;

  void open(const json::value& params);
  void change(const json::value& params);
  void close(const json::value& params);
  void put(const std::string& uri, std::string text);
  void publish(const std::string& uri) const;

  const std::string* document(const json::value& params) const;
  std::string library_file(std::string_view name) const;
  void add_steps(json::array& items) const;
  void add_names(json::array& items, std::string_view block) const;

  const LanguageServerOptions options_;
  const Send send_;
  const pipeline::Catalog catalog_;
  std::vector<std::string> libraries_;
  std::map<std::string, std::string> documents_;  ///< by uri
  size_t bytes_ = 0;
  bool initialized_ = false;
  bool shut_down_ = false;
  bool ended_ = false;
};

}  // namespace ks::cmd
