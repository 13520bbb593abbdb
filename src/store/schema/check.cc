#include "store/schema/check.h"

#include "store/schema/validator.h"

namespace ks::store {

std::vector<kube::FieldError> validate(const json::value& value, const Schema& schema) {
  Validator validator;
  validator.check(value, nullptr, schema);
  return validator.take_errors();
}

std::vector<kube::FieldError> validate_update(const json::value& value, const json::value& old,
                                              const Schema& schema) {
  Validator validator;
  validator.check(value, &old, schema);
  return validator.take_errors();
}

}  // namespace ks::store
