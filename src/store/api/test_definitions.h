#pragma once

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <string>

#include "base/json.h"
#include "store/schema/catalog.h"

/// Definitions for tests of what tells of kinds.

namespace ks::store {

/// A CustomResourceDefinition of Widget of example.com/v1 with this schema.
inline json::value widget_definition(const std::string& schema) {
  return parse_json(R"({
    "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
    "metadata": {"name": "widgets.example.com"},
    "spec": {"group": "example.com", "scope": "Namespaced",
      "names": {"plural": "widgets", "singular": "widget", "kind": "Widget", "listKind": "WidgetList",
                "shortNames": ["wd"], "categories": ["all"]},
      "versions": [{"name": "v1", "served": true, "storage": true, "subresources": {"status": {}},
                    "schema": {"openAPIV3Schema": )" +
                    schema + "}}]}}")
      .value();
}

inline void define(Registry& registry, const std::string& schema) {
  const Result<> defined = registry.put_definition(widget_definition(schema));
  ASSERT_TRUE(defined.ok()) << defined.error().message;
}

}  // namespace ks::store
