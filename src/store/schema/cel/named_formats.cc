// Kubernetes' named formats: format.dns1123Label().validate(self.name).

#include <algorithm>
#include <array>

#include "base/text.h"
#include "kube/names.h"
#include "store/schema/cel/functions.h"
#include "store/schema/formats.h"

namespace ks::store::cel {
namespace {

using kube::Complaints;

Value no_overload() { return of_error(kNoOverload); }

/// As if a random end followed: a dash before it is fine.
Complaints check_prefix(std::string_view text, Complaints (*check)(std::string_view)) {
  if (!text.ends_with('-') || text == "-") return check(text);
  return check(std::string(text.substr(0, text.size() - 1)) + "a");
}

Complaints unless(bool holds, const char* complaint) {
  return holds ? Complaints{} : Complaints{complaint};
}

struct NamedFormat {
  std::string_view name;
  Complaints (*check)(std::string_view text);
};

constexpr std::array kFormats = {
    NamedFormat{"dns1123Label", kube::check_dns1123_label},
    NamedFormat{"dns1123Subdomain", kube::check_dns1123_subdomain},
    NamedFormat{"dns1035Label", kube::check_dns1035_label},
    NamedFormat{"qualifiedName", kube::check_qualified_name},
    NamedFormat{"dns1123LabelPrefix",
                [](std::string_view t) { return check_prefix(t, kube::check_dns1123_label); }},
    NamedFormat{"dns1123SubdomainPrefix",
                [](std::string_view t) { return check_prefix(t, kube::check_dns1123_subdomain); }},
    NamedFormat{"dns1035LabelPrefix",
                [](std::string_view t) { return check_prefix(t, kube::check_dns1035_label); }},
    NamedFormat{"labelValue", kube::check_label_value},
    NamedFormat{"uri",
                [](std::string_view t) {
                  return has_format(t, "uri") ? Complaints{}
                                              : Complaints{"parse \"" + std::string(t) +
                                                           "\": invalid URI for request"};
                }},
    NamedFormat{"uuid",
                [](std::string_view t) {
                  return unless(has_format(t, "uuid"), "does not match the UUID format");
                }},
    NamedFormat{"byte",
                [](std::string_view t) { return unless(has_format(t, "byte"), "invalid base64"); }},
    NamedFormat{"date",
                [](std::string_view t) { return unless(has_format(t, "date"), "invalid date"); }},
    NamedFormat{
        "datetime",
        [](std::string_view t) { return unless(has_format(t, "date-time"), "invalid datetime"); }},
};

template <size_t index>
Value format(Evaluation&, Args) {
  return of_text(Kind::format, kFormats[index].name);
}

/// An optional: an unknown name gives none.
Value named(Evaluation& in, Args a) {
  if (a[0].kind != Kind::string) return no_overload();
  const auto* found = std::ranges::find(kFormats, a[0].text, &NamedFormat::name);
  if (found == kFormats.end()) return in.arena.none();
  return in.arena.some(of_text(Kind::format, found->name));
}

/// What is wrong with a text, or none.
Value validate(Evaluation& in, Args a) {
  if (a[0].kind != Kind::format || a[1].kind != Kind::string) return no_overload();
  if (!in.spend(1 + a[1].text.size() / 10)) return in.out_of_steps();
  const auto* format = std::ranges::find(kFormats, a[0].text, &NamedFormat::name);
  const Complaints wrong = format->check(a[1].text);
  if (wrong.empty()) return in.arena.none();
  List out;
  for (const std::string& complaint : wrong) out.push_back(in.arena.string(complaint));
  return in.arena.some(in.arena.list(std::move(out)));
}

constexpr Function kFunctions[] = {
    {"format.dns1123Label", false, 0, 0, Kind::format, format<0>},
    {"format.dns1123Subdomain", false, 0, 0, Kind::format, format<1>},
    {"format.dns1035Label", false, 0, 0, Kind::format, format<2>},
    {"format.qualifiedName", false, 0, 0, Kind::format, format<3>},
    {"format.dns1123LabelPrefix", false, 0, 0, Kind::format, format<4>},
    {"format.dns1123SubdomainPrefix", false, 0, 0, Kind::format, format<5>},
    {"format.dns1035LabelPrefix", false, 0, 0, Kind::format, format<6>},
    {"format.labelValue", false, 0, 0, Kind::format, format<7>},
    {"format.uri", false, 0, 0, Kind::format, format<8>},
    {"format.uuid", false, 0, 0, Kind::format, format<9>},
    {"format.byte", false, 0, 0, Kind::format, format<10>},
    {"format.date", false, 0, 0, Kind::format, format<11>},
    {"format.datetime", false, 0, 0, Kind::format, format<12>},
    {"format.named", false, 1, 1, Kind::optional, named},
    {"validate", true, 2, 2, Kind::optional, validate},
};
static_assert(std::size(kFunctions) == kFormats.size() + 2);

}  // namespace

std::span<const Function> format_functions() { return kFunctions; }

}  // namespace ks::store::cel
