#pragma once

#include <string>
#include <string_view>
#include <vector>

/// Which names Kubernetes takes. Each function gives what is wrong with a text, in Kubernetes'
/// words; an empty list means that it is fine.

namespace ks::kube {

using Complaints = std::vector<std::string>;

/// `a-z0-9-`, at most 63 characters: namespaces, label-like names.
Complaints check_dns1123_label(std::string_view text);
/// Labels joined with dots, at most 253 characters: most object names.
Complaints check_dns1123_subdomain(std::string_view text);
/// As a DNS-1123 label, but begins with a letter: Services.
Complaints check_dns1035_label(std::string_view text);
/// Not `.`, not `..`, no `/`, no `%`: RBAC objects and the like.
Complaints check_path_segment(std::string_view text);
/// `[prefix/]name`: the keys of labels and annotations, finalizers.
Complaints check_qualified_name(std::string_view text);
Complaints check_label_value(std::string_view text);

}  // namespace ks::kube
