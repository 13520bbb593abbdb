#include "groovy/eval/scope.h"

namespace ks::groovy {

LocalVariable& FunctionScope::declare(std::string_view name, TypeRef type) {
  auto variable = std::make_unique<LocalVariable>();
  variable->name = std::string(name);
  variable->slot = code->slots++;
  variable->type = std::move(type);
  blocks.back().push_back(std::move(variable));
  return *blocks.back().back();
}

void FunctionScope::close() {
  for (auto& variable : blocks.back()) left.push_back(std::move(variable));
  blocks.pop_back();
}

namespace {

Capture capture_of(const Place& place) {
  Capture capture;
  capture.index = place.index;
  switch (place.storage) {
    case Storage::slot:
      capture.from = Capture::From::slot;
      place.variable->share();
      break;
    case Storage::capture: capture.from = Capture::From::capture; break;
    case Storage::hidden_field: capture.from = Capture::From::hidden_field; break;
  }
  return capture;
}

}  // namespace

std::optional<Place> FunctionScope::find(std::string_view name) {
  for (auto block = blocks.rbegin(); block != blocks.rend(); ++block) {
    for (auto variable = block->rbegin(); variable != block->rend(); ++variable) {
      if ((*variable)->name == name)
        return Place{Storage::slot, (*variable)->slot, variable->get()};
    }
  }
  if (outer == nullptr) return cls != nullptr ? cls->find_hidden(name) : std::nullopt;
  std::optional<Place> around = outer->find(name);
  if (!around || around->storage == Storage::hidden_field) return around;
  auto [found, is_new] =
      captured.try_emplace(std::string(name), static_cast<uint32_t>(code->captures.size()));
  if (is_new) code->captures.push_back(capture_of(*around));
  return Place{Storage::capture, found->second, around->variable};
}

std::optional<Place> ClassScope::find_hidden(std::string_view name) {
  if (around == nullptr || fields.contains(std::string(name))) return std::nullopt;
  auto known = hidden.find(std::string(name));
  std::optional<Place> outside = around->find(name);
  if (!outside) return std::nullopt;
  if (known == hidden.end()) {
    known = hidden.emplace(std::string(name), static_cast<uint32_t>(def->captures.size())).first;
    def->captures.push_back(capture_of(*outside));
  }
  return Place{Storage::hidden_field, known->second, outside->variable};
}

}  // namespace ks::groovy
