#pragma once

#include <boost/json.hpp>
#include <string>
#include <vector>

#include "kube/status.h"
#include "store/schema/field_path.h"
#include "store/schema/schema.h"

namespace ks::store {

/// One walk along a value and its type that collects what is wrong.
class Validator {
 public:
  /// `old` null: the value is new.
  void check(const json::value& value, const json::value* old, const Schema& schema);

  std::vector<kube::FieldError> take_errors() { return std::move(errors_); }

 private:
  void walk(const json::value& value, const json::value* old, const Schema& schema);
  void check_node(const json::value& value, const json::value* old, const Schema& schema);
  bool has_type(const json::value& value, const Schema& schema);

  void check_object(const json::object& object, const json::value* old, const Schema& schema);
  void check_required(const json::object& object, const Schema& schema);
  void check_property(std::string_view name, const json::value& value, const json::value* old,
                      const Schema& schema);
  void check_immutable(const json::object& object, const json::value* old, const Schema& schema);
  void check_embedded(const json::object& object);

  void check_array(const json::array& array, const json::value* old, const Schema& schema);
  void check_duplicates(const json::array& array, const Schema& schema);

  void check_constraints(const json::value& value, const Schema& schema);
  void check_text(const json::value& value, std::string_view text, const Constraints& constraints);
  void check_number(const json::value& value, const Schema& schema);
  void check_enum(const json::value& value, const Constraints& constraints);
  void check_combinations(const json::value& value, const Constraints& constraints);

  /// The errors of a value against one alternative.
  std::vector<kube::FieldError> errors_against(const json::value& value, const Schema& schema);

  /// The rules of nodes that had some, once all else is right.
  void check_rules_of_nodes();

  bool is_full() const;
  void add(kube::FieldError error);
  /// `DETAIL` for built-in types, `PATH in body DETAIL` for others.
  void add_invalid(std::string_view value, const std::string& detail);
  void add_type_error(const json::value& value, std::string_view expected);

  struct Node {
    const json::value* value;
    const json::value* old;
    const Schema* schema;
    std::string path;
  };

  FieldPath path_;
  std::vector<Node> nodes_with_rules_;
  std::vector<kube::FieldError> errors_;
  size_t depth_ = 0;
  size_t steps_ = 0;
  bool in_status_ = false;
};

}  // namespace ks::store
