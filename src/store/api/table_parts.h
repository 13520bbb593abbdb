#pragma once

#include <boost/json/fwd.hpp>
#include <initializer_list>
#include <string>
#include <string_view>

/// Reading objects that may lack anything, for the cells of tables.

namespace ks::store {

namespace json = boost::json;

std::string or_else(const std::string& text, std::string_view otherwise);
/// The array or object at a path; an empty one when there is none.
const json::array& array_at(const json::value& value, std::initializer_list<std::string_view> path);
const json::object& object_at(const json::value& value,
                              std::initializer_list<std::string_view> path);
/// Any value at a path as text.
std::string plain_at(const json::value& value, std::initializer_list<std::string_view> path);
/// A member of each element, or the elements themselves; what is empty is left out.
std::string joined(const json::array& array, std::string_view member, std::string_view separator);
/// `a=b,c=d`, or `<none>`.
std::string labels_text(const json::object& labels);
/// A LabelSelector as `-l` takes it: `app=web,tier in (a,b)`; `<none>` when it is empty or absent.
std::string selector_text(const json::value* selector);
/// The condition of that type; null when there is none.
const json::value* condition(const json::value& object, std::string_view type);
bool has_condition(const json::value& object, std::string_view type);

}  // namespace ks::store
