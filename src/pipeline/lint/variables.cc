#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "groovy/walk.h"
#include "pipeline/lint/linter.h"

/// Local variables that are never read.

namespace ks::pipeline {
namespace {

struct Local {
  const ast::Node* at = nullptr;
  std::string_view name;
  bool used = false;
  const ast::Declaration* together = nullptr;  ///< `def (a, b) = ...`: one that is read excuses all
};

class Scopes {
 public:
  explicit Scopes(std::vector<Local>& unused) : unused_(unused) {}

  void visit(const ast::Node& node) {
    switch (node.kind) {
      case ast::Kind::block:
      case ast::Kind::closure:
      case ast::Kind::for_in:
      case ast::Kind::for_c:
      case ast::Kind::catch_:
      case ast::Kind::case_: return in_scope(node);
      case ast::Kind::method: {
        // Variables of the script are not visible in its methods.
        Scopes own(unused_);
        return own.in_scope(node);
      }
      case ast::Kind::class_decl: {
        Scopes own(unused_);
        return ast::for_each_child(node, [&](const ast::Node& child) { own.visit(child); });
      }
      case ast::Kind::variable: return use(ast::cast<ast::Variable>(node).name);
      case ast::Kind::call:
        if (ast::cast<ast::Call>(node).receiver == nullptr) use(ast::cast<ast::Call>(node).name);
        break;
      case ast::Kind::assign: {
        const auto& assign = ast::cast<ast::Assign>(node);
        visit(*assign.value);
        // To write is not to read; `x += 1` is taken for reading.
        if (assign.target->kind != ast::Kind::variable || assign.compound) visit(*assign.target);
        return;
      }
      case ast::Kind::declaration: return declare(ast::cast<ast::Declaration>(node));
      case ast::Kind::parameter: bind(ast::cast<ast::Parameter>(node).name); break;
      default: break;
    }
    ast::for_each_child(node, [&](const ast::Node& child) { visit(child); });
  }

 private:
  void in_scope(const ast::Node& node) {
    const size_t mark = locals_.size();
    if (const auto* caught = ast::as<ast::Catch>(&node)) bind(caught->name);
    const bool counts = std::exchange(in_for_, node.kind == ast::Kind::for_c);
    ast::for_each_child(node, [&](const ast::Node& child) {
      if (child.kind == ast::Kind::block || child.kind == ast::Kind::closure) in_for_ = false;
      visit(child);
    });
    in_for_ = counts;
    close(mark);
  }

  void close(size_t mark) {
    for (size_t i = mark; i < locals_.size(); i++) {
      if (!locals_[i].used && !excused(i)) unused_.push_back(locals_[i]);
    }
    while (locals_.size() > mark) {
      by_name_[locals_.back().name].pop_back();
      locals_.pop_back();
    }
  }

  /// Of variables that were declared together, which stand side by side, one is read.
  bool excused(size_t index) const {
    const ast::Declaration* together = locals_[index].together;
    if (together == nullptr) return false;
    size_t first = index;
    while (first > 0 && locals_[first - 1].together == together) first--;
    for (size_t i = first; i < locals_.size() && locals_[i].together == together; i++) {
      if (locals_[i].used) return true;
    }
    return false;
  }

  void add(Local local) {
    by_name_[local.name].push_back(locals_.size());
    locals_.push_back(local);
  }

  void declare(const ast::Declaration& declaration) {
    if (declaration.value != nullptr) visit(*declaration.value);
    // A @Field belongs to the script, `@Library('x') _` is no variable at all.
    const bool shared = in_for_ || !declaration.annotations.empty();
    for (const ast::Declarator* one : declaration.declarators) {
      if (one->value != nullptr) visit(*one->value);
      add({.at = one,
           .name = one->name,
           .used = shared || one->name.starts_with('_'),
           .together = declaration.multiple ? &declaration : nullptr});
    }
  }

  void bind(std::string_view name) {
    add({.at = nullptr, .name = name, .used = true, .together = nullptr});
  }

  void use(std::string_view name) {
    const auto found = by_name_.find(name);
    if (found != by_name_.end() && !found->second.empty())
      locals_[found->second.back()].used = true;
  }

  std::vector<Local>& unused_;
  std::vector<Local> locals_;
  std::unordered_map<std::string_view, std::vector<size_t>> by_name_;  ///< innermost last
  bool in_for_ = false;
};

}  // namespace

void Linter::variables() {
  std::vector<Local> unused;
  Scopes scopes(unused);
  ast::for_each_part(unit_, [&](const ast::Node& part) { scopes.visit(part); });
  for (const Local& local : unused) {
    add(Rule::unused_variable, Severity::warning, *local.at,
        fmt::format("variable '{}' is never read", local.name),
        "remove it, or begin its name with _");
  }
}

}  // namespace ks::pipeline
