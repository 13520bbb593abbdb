#include "groovy/syntax/checks.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "groovy/walk.h"

namespace ks::groovy::syntax {
namespace {

/// The deepest path of the tree, by a stack of its own: what comes later may recurse.
const ast::Node* too_deep(const ast::Unit& unit, uint32_t limit) {
  struct Level {
    const ast::Node* node;
    uint32_t depth;
  };
  std::vector<Level> pending;
  ast::for_each_part(unit, [&](const ast::Node& part) { pending.push_back({&part, 1}); });
  while (!pending.empty()) {
    Level next = pending.back();
    pending.pop_back();
    if (next.depth > limit) return next.node;
    ast::for_each_child(
        *next.node, [&](const ast::Node& child) { pending.push_back({&child, next.depth + 1}); });
  }
  return nullptr;
}

/// Walks with the variables and jump targets that are visible at each place.
class Checker {
 public:
  std::vector<CompileError> run(const ast::Unit& unit) {
    for (const ast::Method* method : unit.methods) method_scope(*method);
    {
      Frame frame(*this);
      visit(*unit.body);
    }
    std::ranges::stable_sort(errors_, {},
                             [](const CompileError& e) { return std::pair(e.line, e.column); });
    return std::move(errors_);
  }

 private:
  struct Jump {
    std::string_view label;
    const ast::Node* node;
  };

  /// A body that sees no variable or loop around it.
  struct Frame {
    explicit Frame(Checker& c) : checker(c) {
      variables.swap(c.variables_);
      visible.swap(c.visible_);
      loops.swap(c.loops_);
      labels.swap(c.labels_);
      pending.swap(c.pending_);
    }
    ~Frame() {
      checker.report_missing_labels();
      variables.swap(checker.variables_);
      visible.swap(checker.visible_);
      loops.swap(checker.loops_);
      labels.swap(checker.labels_);
      pending.swap(checker.pending_);
    }
    Checker& checker;
    std::vector<std::string_view> variables;
    std::unordered_set<std::string_view> visible;
    std::vector<const ast::Stmt*> loops;
    std::unordered_set<std::string_view> labels;
    std::vector<Jump> pending;
  };

  struct Scope {
    explicit Scope(Checker& c) : checker(c), mark(c.variables_.size()) {}
    ~Scope() {
      for (; checker.variables_.size() > mark; checker.variables_.pop_back()) {
        checker.visible_.erase(checker.variables_.back());
      }
    }
    Checker& checker;
    size_t mark;
  };

  void error(std::string message, const ast::Node& at) {
    errors_.push_back({std::move(message), at.line, at.column});
  }

  void declare(std::string_view name, const ast::Node& at) {
    if (!visible_.insert(name).second) {
      error(fmt::format("The current scope already contains a variable of the name {}\n", name),
            at);
      return;
    }
    variables_.push_back(name);
  }

  void children(const ast::Node& node) {
    ast::for_each_child(node, [&](const ast::Node& child) { visit(child); });
  }

  void method_scope(const ast::Method& method) {
    Frame frame(*this);
    for (const ast::Parameter* parameter : method.parameters) {
      children(*parameter);
      declare(parameter->name, method);
    }
    if (method.body != nullptr) children(*method.body);
  }

  void visit(const ast::Node& node) {
    if (node.kind >= ast::Kind::block && node.kind <= ast::Kind::class_statement) {
      for (std::string_view label : ast::cast<ast::Stmt>(node).labels) labels_.insert(label);
    }
    switch (node.kind) {
      case ast::Kind::method: return method_scope(ast::cast<ast::Method>(node));
      case ast::Kind::class_decl:
      case ast::Kind::field:
      case ast::Kind::initializer: {
        Frame frame(*this);
        return children(node);
      }
      case ast::Kind::construct: return construct(ast::cast<ast::Construct>(node));
      case ast::Kind::closure: return closure(ast::cast<ast::Closure>(node));
      case ast::Kind::call: named_twice(ast::cast<ast::Call>(node).args); return children(node);
      case ast::Kind::declaration: return declaration(ast::cast<ast::Declaration>(node));
      case ast::Kind::block:
      case ast::Kind::case_: {
        Scope scope(*this);
        return children(node);
      }
      case ast::Kind::while_:
      case ast::Kind::for_in:
      case ast::Kind::for_c:
      case ast::Kind::switch_: return loop(ast::cast<ast::Stmt>(node));
      case ast::Kind::catch_: {
        Scope scope(*this);
        const auto& clause = ast::cast<ast::Catch>(node);
        declare(clause.name, clause);
        return children(*clause.body);
      }
      case ast::Kind::break_: return jump(node, ast::cast<ast::Break>(node).label, true);
      case ast::Kind::continue_: return jump(node, ast::cast<ast::Continue>(node).label, false);
      default: return children(node);
    }
  }

  void construct(const ast::Construct& node) {
    named_twice(node.args);
    for (const ast::Entry* entry : node.args) visit(*entry);
    if (node.body != nullptr) visit(*node.body);
  }

  void closure(const ast::Closure& node) {
    Scope scope(*this);
    std::vector<const ast::Stmt*> loops;
    std::unordered_set<std::string_view> labels;
    std::vector<Jump> pending;
    loops.swap(loops_);
    labels.swap(labels_);
    pending.swap(pending_);
    for (const ast::Parameter* parameter : node.parameters) {
      children(*parameter);
      declare(parameter->name, node);
    }
    children(*node.body);
    report_missing_labels();
    loops_.swap(loops);
    labels_.swap(labels);
    pending_.swap(pending);
  }

  void declaration(const ast::Declaration& node) {
    static constexpr struct {
      ast::Modifiers flag;
      std::string_view name;
    } kRefused[] = {{ast::kStatic, "static"},
                    {ast::kPrivate, "private"},
                    {ast::kProtected, "protected"},
                    {ast::kPublic, "public"},
                    {ast::kAbstract, "abstract"},
                    {ast::kNative, "native"},
                    {ast::kSynchronized, "synchronized"}};
    bool field = std::ranges::any_of(
        node.annotations, [](const ast::Annotation* a) { return a->name.ends_with("Field"); });
    for (const auto& refused : kRefused) {
      if (!field && (node.modifiers & refused.flag) != 0) {
        error(fmt::format("Modifier '{}' not allowed here.\n", refused.name), node);
      }
    }
    if (node.value != nullptr) visit(*node.value);
    for (const ast::Declarator* declared : node.declarators) {
      children(*declared);
      if (!field) declare(declared->name, *declared);
    }
  }

  void loop(const ast::Stmt& node) {
    Scope scope(*this);
    loops_.push_back(&node);
    if (const auto* each = ast::as<ast::ForIn>(&node)) {
      visit(*each->collection);
      declare(each->variable->name, *each->variable);
      if (each->body != nullptr) visit(*each->body);
    } else {
      children(node);
    }
    loops_.pop_back();
  }

  void jump(const ast::Node& node, std::string_view label, bool is_break) {
    bool inside = std::ranges::any_of(loops_, [&](const ast::Stmt* loop) {
      return is_break || loop->kind != ast::Kind::switch_;
    });
    if (!inside) {
      return error(is_break ? "the break statement is only allowed inside loops or switches\n"
                            : "the continue statement is only allowed inside loops\n",
                   node);
    }
    if (label.empty()) return;
    pending_.push_back({label, &node});
  }

  /// A jump may name any label of its method or closure, even one further down.
  void report_missing_labels() {
    for (const Jump& jump : pending_) {
      if (labels_.contains(jump.label)) continue;
      error(fmt::format("{} to missing label\n",
                        jump.node->kind == ast::Kind::break_ ? "break" : "continue"),
            *jump.node);
    }
  }

  void named_twice(ast::Array<ast::Entry*> args) {
    std::unordered_set<std::string_view> seen;
    for (const ast::Entry* entry : args) {
      std::string_view name = entry->name();
      if (name.empty() || seen.insert(name).second) continue;
      for (const ast::Entry* first : args) {
        if (first->name() == name)
          return error(fmt::format("Duplicate named parameter '{}' found.", name), *first);
      }
    }
  }

  std::vector<std::string_view> variables_;  // in order of declaration, for leaving a scope
  std::unordered_set<std::string_view> visible_;
  std::vector<const ast::Stmt*> loops_;          // and switches, outermost first
  std::unordered_set<std::string_view> labels_;  // of this method or closure, seen so far
  std::vector<Jump> pending_;
  std::vector<CompileError> errors_;
};

}  // namespace

std::vector<CompileError> check(const ast::Unit& unit, const ParseLimits& limits) {
  if (const ast::Node* deep = too_deep(unit, limits.tree_depth)) {
    return {{fmt::format("nested more than {} deep", limits.tree_depth), deep->line, deep->column}};
  }
  return Checker().run(unit);
}

}  // namespace ks::groovy::syntax
