#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "jenkins/types.h"

namespace ks::jenkins {

/// Where our engine serves its events; `?after=ID` resumes.
inline constexpr std::string_view kEventPath = "/ks/events";

/// Puts server-sent events together from chunks cut anywhere. An event larger than 4 MiB is
/// dropped.
class EventDecoder {
 public:
  explicit EventDecoder(std::function<void(const Event&)> on_event)
      : on_event_(std::move(on_event)) {}
  void data(std::string_view chunk);

 private:
  void line(std::string_view text);
  void dispatch();

  std::function<void(const Event&)> on_event_;
  std::string buffer_;
  bool too_long_ = false;
  std::string id_;
  std::string type_;
  std::string data_;
};

}  // namespace ks::jenkins
