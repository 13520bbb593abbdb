#pragma once

#include <boost/json/fwd.hpp>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "http/message.h"
#include "kube/informer.h"

/// Lists: filters, order and pages of the query (devops-api, section 4).

namespace ks::devops::kapis {

/// Which generation of the API a path belongs to: they page and filter in their own ways.
enum class Generation : uint8_t { v3, v4 };

struct Page {
  size_t offset = 0;
  size_t limit = 10;
};
/// `limit`, `page` and `start`. Of 4.x: without `limit` all, and no `start`.
Page page_of(const http::Query& query, Generation generation);
/// Go's boolean words; nothing for anything else.
std::optional<bool> parse_go_bool(std::string_view text);

/// Whether the query has a key that is no paging or sorting but a condition on objects.
bool has_filter(const http::Query& query);
/// All of the query's conditions hold for the object.
bool passes_filters(const json::value& object, const http::Query& query, Generation generation);
/// By creation, newest first, or by `sortBy=name`; `ascending=true` turns it round.
void sort_objects(std::vector<kube::ObjectRef>& objects, const http::Query& query);

/// `{items, totalItems}` of those that pass, in order, one page of them. `show` makes an item.
json::object list_of(std::vector<kube::ObjectRef> objects, const http::Query& query,
                     Generation generation,
                     const std::function<json::value(const json::value&)>& show = nullptr);
/// Cuts a page out of things that are in order already.
json::object envelope(json::array all, Page page);

}  // namespace ks::devops::kapis
