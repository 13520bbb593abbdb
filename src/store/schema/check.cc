#include "store/schema/check.h"

#include "store/schema/builtin_checks.h"
#include "store/schema/validator.h"

namespace ks::store {

std::vector<kube::FieldError> validate(const json::value& value, const Schema& schema) {
  Validator validator;
  validator.check(value, nullptr, schema);
  std::vector<kube::FieldError> errors = validator.take_errors();
  if (schema.built_in) check_built_in(value, nullptr, schema, errors);
  return errors;
}

std::vector<kube::FieldError> validate_update(const json::value& value, const json::value& old,
                                              const Schema& schema) {
  Validator validator;
  validator.check(value, &old, schema);
  std::vector<kube::FieldError> errors = validator.take_errors();
  if (schema.built_in) check_built_in(value, &old, schema, errors);
  return errors;
}

}  // namespace ks::store
