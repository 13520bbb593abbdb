#pragma once

#include <boost/json/object.hpp>
#include <string>

#include "groovy/interpreter.h"

namespace ks::engine {

/// Data as scripts see a Java object: `scm.userRemoteConfigs[0].url`,
/// `change.getAuthor().fullName`. Read-only. Objects inside are records too.
class RecordObject final : public groovy::HostObject {
 public:
  /// `list` names the member that is gone over by `for` and `each`; empty: the object is no list.
  RecordObject(std::string class_name, boost::json::object data, std::string list = {})
      : class_name_(std::move(class_name)), data_(std::move(data)), list_(std::move(list)) {}

  std::string class_name() const override { return class_name_; }
  const boost::json::object& data() const { return data_; }
  std::optional<groovy::Value> get_property(groovy::Task& task, std::string_view name) override;
  std::optional<groovy::Value> call_method(groovy::Task& task, std::string_view name,
                                           groovy::Args args) override;
  std::optional<groovy::Value> iterable(groovy::Task& task) override;

 private:
  std::string class_name_;
  boost::json::object data_;
  std::string list_;
};

}  // namespace ks::engine
