#include "engine/record_object.h"

#include <boost/json.hpp>

#include "base/json.h"
#include "engine/step.h"

namespace ks::engine {
namespace {

groovy::Value show(groovy::Task& task, const std::string& class_name, const json::value& value) {
  if (const json::object* object = value.if_object())
    return groovy::Value(task.heap().make<RecordObject>(class_name, *object));
  if (const json::array* array = value.if_array()) {
    std::vector<groovy::Value> items;
    for (const json::value& item : *array) items.push_back(show(task, class_name, item));
    return task.interpreter().make_list(std::move(items));
  }
  return to_groovy(task.interpreter(), value);
}

}  // namespace

std::optional<groovy::Value> RecordObject::get_property(groovy::Task& task, std::string_view name) {
  const json::value* value = data_.if_contains(name);
  if (value == nullptr) return std::nullopt;
  return show(task, class_name_, *value);
}

std::optional<groovy::Value> RecordObject::call_method(groovy::Task& task, std::string_view name,
                                                       groovy::Args args) {
  if (!args.empty() || !name.starts_with("get") || name.size() < 4) return std::nullopt;
  std::string property(name.substr(3));
  property[0] = static_cast<char>(property[0] | 0x20);
  return get_property(task, property);
}

std::optional<groovy::Value> RecordObject::iterable(groovy::Task& task) {
  return list_.empty() ? std::nullopt : get_property(task, list_);
}

}  // namespace ks::engine
