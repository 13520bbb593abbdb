#include "groovy/runtime/classes.h"

#include <algorithm>
#include <array>

#include "base/check.h"
#include "groovy/eval/user_class.h"
#include "groovy/gdk/library.h"
#include "groovy/runtime/numbers.h"

namespace ks::groovy {

std::string_view ClassInfo::simple_name() const {
  std::string_view full = name;
  size_t at = full.find_last_of(".$");
  return at == full.npos ? full : full.substr(at + 1);
}

std::string_view ClassInfo::package() const {
  std::string_view full = name;
  size_t at = full.rfind('.');
  return at == full.npos ? std::string_view{} : full.substr(0, at);
}

namespace {

void add_once(std::vector<ClassInfo*>& line, ClassInfo* cls) {
  if (std::find(line.begin(), line.end(), cls) == line.end()) line.push_back(cls);
}

}  // namespace

void ClassInfo::build_line() {
  line.clear();
  line.push_back(this);
  if (super != nullptr) {
    for (ClassInfo* each : super->line) {
      if (!each->is_interface && each->super != nullptr) add_once(line, each);
    }
  }
  for (ClassInfo* interface : interfaces) {
    for (ClassInfo* each : interface->line) {
      if (each->is_interface) add_once(line, each);
    }
  }
  if (super != nullptr) {
    for (ClassInfo* each : super->line) add_once(line, each);
  }
}

// ----- the library -----

namespace {

class Library {
 public:
  Library() {
    for (const LibraryPart& part : library_parts()) {
      for (const ClassRow& row : part.classes) declare(row);
    }
    for (const LibraryPart& part : library_parts()) {
      for (const ClassRow& row : part.classes) connect(row);
    }
    for (auto& [name, cls] : classes_) {
      if (cls->line.empty()) complete(*cls);
    }
    for (const LibraryPart& part : library_parts()) {
      for (const MethodRow& row : part.methods) add(row);
    }
    for (auto& [name, group] : groups_) {
      std::stable_sort(
          group->methods.begin(), group->methods.end(),
          [](const Method& a, const Method& b) { return a.cls->line.size() > b.cls->line.size(); });
    }
  }

  ClassInfo* find(std::string_view name) const {
    auto found = classes_.find(name);
    return found == classes_.end() ? nullptr : found->second.get();
  }
  const MethodGroup* group(std::string_view name) const {
    auto found = groups_.find(name);
    return found == groups_.end() ? nullptr : found->second.get();
  }
  const auto& groups() const { return groups_; }

 private:
  void declare(const ClassRow& row) {
    auto cls = std::make_unique<ClassInfo>();
    cls->name = std::string(row.name);
    cls->is_interface = row.is_interface;
    classes_.emplace(row.name, std::move(cls));
  }
  void connect(const ClassRow& row) {
    ClassInfo* cls = find(row.name);
    if (row.name != "java.lang.Object")
      cls->super = find(row.super.empty() ? "java.lang.Object" : row.super);
    for (std::string_view rest = row.interfaces; !rest.empty();) {
      size_t comma = rest.find(',');
      if (ClassInfo* interface = find(rest.substr(0, comma))) cls->interfaces.push_back(interface);
      rest = comma == rest.npos ? std::string_view{} : rest.substr(comma + 1);
    }
  }
  void complete(ClassInfo& cls) {
    if (!cls.line.empty()) return;
    if (cls.super != nullptr) complete(*cls.super);
    for (ClassInfo* interface : cls.interfaces) complete(*interface);
    cls.build_line();
    for (ClassInfo* each : cls.line) {
      if (each->name == "java.lang.Throwable") cls.is_throwable = true;
    }
  }
  void add(const MethodRow& row) {
    ClassInfo* cls = find(row.cls);
    CHECK_MSG(cls != nullptr, row.cls);
    auto& group = groups_[row.name];
    if (group == nullptr) {
      group = std::make_unique<MethodGroup>();
      group->name = row.name;
    }
    group->methods.push_back(Method{cls, row.signature, row.function, body_for(*cls)});
  }

  static Body body_for(const ClassInfo& cls) {
    static constexpr std::string_view kInstances[] = {"java.lang.Throwable", "java.lang.Enum",
                                                      "groovy.lang.Script"};
    static constexpr std::string_view kOwn[] = {
        "java.util.Collection",   "java.util.Map",           "java.util.Map$Entry",
        "java.lang.CharSequence", "java.lang.Number",        "java.lang.Boolean",
        "java.lang.Character",    "groovy.lang.Closure",     "java.lang.Class",
        "java.lang.Appendable",   "java.util.regex.Pattern", "java.util.regex.MatchResult",
        "[Ljava.lang.Object;"};
    for (const ClassInfo* each : cls.line) {
      for (std::string_view name : kInstances) {
        if (each->name == name) return Body::instance;
      }
      for (std::string_view name : kOwn) {
        if (each->name == name) return Body::own;
      }
    }
    return Body::any;
  }

  std::unordered_map<std::string_view, std::unique_ptr<ClassInfo>> classes_;
  std::unordered_map<std::string_view, std::unique_ptr<MethodGroup>> groups_;
};

const Library& library() {
  static const Library* the_library = new Library();  // lives as long as the process
  return *the_library;
}

ClassInfo* known(std::string_view name) {
  ClassInfo* cls = library().find(name);
  CHECK_MSG(cls != nullptr, name);
  return cls;
}

Types make_types() {
  Types t;
  t.object = known("java.lang.Object");
  t.string = known("java.lang.String");
  t.gstring = known("org.codehaus.groovy.runtime.GStringImpl");
  t.char_sequence = known("java.lang.CharSequence");
  t.number = known("java.lang.Number");
  t.comparable = known("java.lang.Comparable");
  t.serializable = known("java.io.Serializable");
  t.cloneable = known("java.lang.Cloneable");
  t.iterable = known("java.lang.Iterable");
  t.boolean_ = known("java.lang.Boolean");
  t.character = known("java.lang.Character");
  t.byte_ = known("java.lang.Byte");
  t.short_ = known("java.lang.Short");
  t.integer = known("java.lang.Integer");
  t.long_ = known("java.lang.Long");
  t.float_ = known("java.lang.Float");
  t.double_ = known("java.lang.Double");
  t.big_integer = known("java.math.BigInteger");
  t.big_decimal = known("java.math.BigDecimal");
  auto primitive = [](std::string_view name, Kind kind) {
    ClassInfo* cls = known(name);
    cls->primitive = kind;
    cls->super = nullptr;
    cls->line = {cls};
    return cls;
  };
  t.p_boolean = primitive("boolean", Kind::boolean);
  t.p_char = primitive("char", Kind::character);
  t.p_byte = primitive("byte", Kind::byte_);
  t.p_short = primitive("short", Kind::short_);
  t.p_int = primitive("int", Kind::integer);
  t.p_long = primitive("long", Kind::long_);
  t.p_float = primitive("float", Kind::float_);
  t.p_double = primitive("double", Kind::double_);
  t.p_void = primitive("void", Kind::object);
  t.collection = known("java.util.Collection");
  t.list = known("java.util.List");
  t.array_list = known("java.util.ArrayList");
  t.linked_list = known("java.util.LinkedList");
  t.vector = known("java.util.Vector");
  t.stack = known("java.util.Stack");
  t.set = known("java.util.Set");
  t.hash_set = known("java.util.HashSet");
  t.linked_hash_set = known("java.util.LinkedHashSet");
  t.tree_set = known("java.util.TreeSet");
  t.sorted_set = known("java.util.SortedSet");
  t.map = known("java.util.Map");
  t.linked_hash_map = known("java.util.LinkedHashMap");
  t.hash_map = known("java.util.HashMap");
  t.tree_map = known("java.util.TreeMap");
  t.sorted_map = known("java.util.SortedMap");
  t.hashtable = known("java.util.Hashtable");
  t.concurrent_map = known("java.util.concurrent.ConcurrentHashMap");
  t.properties = known("java.util.Properties");
  t.weak_map = known("java.util.WeakHashMap");
  t.unmodifiable_list = known("java.util.Collections$UnmodifiableRandomAccessList");
  t.unmodifiable_map = known("java.util.Collections$UnmodifiableMap");
  t.unmodifiable_set = known("java.util.Collections$UnmodifiableSet");
  t.arrays_list = known("java.util.Arrays$ArrayList");
  t.map_with_default = known("groovy.lang.MapWithDefault");
  t.list_with_default = known("groovy.lang.ListWithDefault");
  t.map_entry = known("java.util.Map$Entry");
  t.queue = known("java.util.Queue");
  t.deque = known("java.util.Deque");
  t.range = known("groovy.lang.Range");
  t.int_range = known("groovy.lang.IntRange");
  t.object_range = known("groovy.lang.ObjectRange");
  t.closure = known("groovy.lang.Closure");
  t.method_closure = known("org.codehaus.groovy.runtime.MethodClosure");
  t.curried_closure = known("org.codehaus.groovy.runtime.CurriedClosure");
  t.composed_closure = known("org.codehaus.groovy.runtime.ComposedClosure");
  t.klass = known("java.lang.Class");
  t.pattern = known("java.util.regex.Pattern");
  t.matcher = known("java.util.regex.Matcher");
  t.match_result = known("java.util.regex.MatchResult");
  t.string_builder = known("java.lang.StringBuilder");
  t.string_buffer = known("java.lang.StringBuffer");
  t.string_writer = known("java.io.StringWriter");
  t.iterator = known("java.util.Iterator");
  t.null_object = known("org.codehaus.groovy.runtime.NullObject");
  t.script = known("groovy.lang.Script");
  t.groovy_object = known("groovy.lang.GroovyObject");
  t.enum_ = known("java.lang.Enum");
  t.throwable = known("java.lang.Throwable");
  t.exception = known("java.lang.Exception");
  t.runtime_exception = known("java.lang.RuntimeException");
  t.error = known("java.lang.Error");
  t.stack_trace_element = known("java.lang.StackTraceElement");
  return t;
}

}  // namespace

const Types& types() {
  static const Types the_types = make_types();
  return the_types;
}

ClassInfo* library_class(std::string_view full_name) {
  types();
  return library().find(full_name);
}

ClassInfo* default_class(std::string_view simple_name) {
  types();
  if (simple_name == "BigDecimal") return types().big_decimal;
  if (simple_name == "BigInteger") return types().big_integer;
  static constexpr std::array<std::string_view, 6> kPackages = {
      "java.lang.", "java.util.", "java.io.", "java.net.", "groovy.lang.", "groovy.util."};
  for (std::string_view package : kPackages) {
    if (ClassInfo* cls = library().find(std::string(package) + std::string(simple_name)))
      return cls;
  }
  return nullptr;
}

ClassInfo* boxed(ClassInfo* type) {
  const Types& t = types();
  switch (type->primitive) {
    case Kind::boolean: return t.boolean_;
    case Kind::character: return t.character;
    case Kind::byte_: return t.byte_;
    case Kind::short_: return t.short_;
    case Kind::integer: return t.integer;
    case Kind::long_: return t.long_;
    case Kind::float_: return t.float_;
    case Kind::double_: return t.double_;
    default: return type;
  }
}

// ----- the class of a value -----

namespace {

ClassInfo* class_of_list(const List& list) {
  const Types& t = types();
  static ClassInfo* const kTuple = known("groovy.lang.Tuple");
  static ClassInfo* const kTuple2 = known("groovy.lang.Tuple2");
  static ClassInfo* const kNodes = known("groovy.util.NodeList");
  if (!list.default_maker.is_null()) return t.list_with_default;
  switch (list.flavour) {
    case List::Flavour::array_list: return t.array_list;
    case List::Flavour::linked_list: return t.linked_list;
    case List::Flavour::vector: return t.vector;
    case List::Flavour::stack: return t.stack;
    case List::Flavour::unmodifiable: return t.unmodifiable_list;
    case List::Flavour::fixed_size: return t.arrays_list;
    case List::Flavour::tuple: return kTuple;
    case List::Flavour::tuple2: return kTuple2;
    case List::Flavour::nodes: return kNodes;
  }
  return t.array_list;
}

ClassInfo* class_of_map(const Map& map) {
  const Types& t = types();
  static ClassInfo* const kLazy = known("groovy.json.internal.LazyMap");
  if (!map.default_maker.is_null()) return t.map_with_default;
  switch (map.flavour) {
    case Map::Flavour::linked: return t.linked_hash_map;
    case Map::Flavour::hash: return t.hash_map;
    case Map::Flavour::tree: return t.tree_map;
    case Map::Flavour::hashtable: return t.hashtable;
    case Map::Flavour::concurrent: return t.concurrent_map;
    case Map::Flavour::unmodifiable: return t.unmodifiable_map;
    case Map::Flavour::properties: return t.properties;
    case Map::Flavour::weak: return t.weak_map;
    case Map::Flavour::lazy: return kLazy;
  }
  return t.linked_hash_map;
}

ClassInfo* class_of_set(const Set& set) {
  const Types& t = types();
  switch (set.flavour) {
    case Set::Flavour::linked: return t.linked_hash_set;
    case Set::Flavour::hash: return t.hash_set;
    case Set::Flavour::tree: return t.tree_set;
    case Set::Flavour::unmodifiable: return t.unmodifiable_set;
    case Set::Flavour::key_view: return t.set;
  }
  return t.linked_hash_set;
}

ClassInfo* class_of_range(const Range& range) {
  static ClassInfo* const kEmpty = known("groovy.lang.EmptyRange");
  if (range.size() == 0) return kEmpty;
  return range.is_int() ? types().int_range : types().object_range;
}

ClassInfo* class_of_entry(const Entry& entry) {
  static ClassInfo* const kAlone = known("groovy.util.MapEntry");
  static ClassInfo* const kLinked = known("java.util.LinkedHashMap$Entry");
  static ClassInfo* const kHashed = known("java.util.HashMap$Node");
  static ClassInfo* const kSorted = known("java.util.TreeMap$Entry");
  const Map* map = entry.map.as<Map>();
  if (map == nullptr) return kAlone;
  switch (map->flavour) {
    case Map::Flavour::linked: return kLinked;
    case Map::Flavour::hash: return kHashed;
    case Map::Flavour::tree:
    case Map::Flavour::lazy: return kSorted;
    default: return types().map_entry;
  }
}

ClassInfo* class_of_closure(const Closure& closure) {
  const Types& t = types();
  if (dynamic_cast<const MethodClosure*>(&closure) != nullptr) return t.method_closure;
  if (dynamic_cast<const CurriedClosure*>(&closure) != nullptr) return t.curried_closure;
  return t.closure;
}

ClassInfo* class_of_object(Object* object) {
  const Types& t = types();
  switch (object->object_kind()) {
    case ObjectKind::string: return t.string;
    case ObjectKind::gstring: return t.gstring;
    case ObjectKind::list: return class_of_list(*static_cast<List*>(object));
    case ObjectKind::map: return class_of_map(*static_cast<Map*>(object));
    case ObjectKind::set: return class_of_set(*static_cast<Set*>(object));
    case ObjectKind::range: return class_of_range(*static_cast<Range*>(object));
    case ObjectKind::array: {
      auto* array = static_cast<Array*>(object);
      static ClassInfo* const kObjectArray = known("[Ljava.lang.Object;");
      return array->cls != nullptr ? array->cls : kObjectArray;
    }
    case ObjectKind::closure: return class_of_closure(*static_cast<Closure*>(object));
    case ObjectKind::klass: return t.klass;
    case ObjectKind::instance: return static_cast<Instance*>(object)->cls;
    case ObjectKind::big_integer: return t.big_integer;
    case ObjectKind::big_decimal: return t.big_decimal;
    case ObjectKind::builder:
      switch (static_cast<Builder*>(object)->flavour) {
        case Builder::Flavour::builder: return t.string_builder;
        case Builder::Flavour::buffer: return t.string_buffer;
        case Builder::Flavour::writer: return t.string_writer;
      }
      return t.string_builder;
    case ObjectKind::pattern: return t.pattern;
    case ObjectKind::matcher: return t.matcher;
    case ObjectKind::entry: return class_of_entry(*static_cast<Entry*>(object));
    case ObjectKind::iterator: return t.iterator;
    case ObjectKind::host: return t.object;
    case ObjectKind::native:
      if (auto* native = dynamic_cast<NativeObject*>(object)) return native->class_info();
      return t.object;
  }
  return t.object;
}

}  // namespace

ClassInfo* class_of(const Value& value) {
  const Types& t = types();
  switch (value.kind()) {
    case Kind::null: return t.null_object;
    case Kind::boolean: return t.boolean_;
    case Kind::character: return t.character;
    case Kind::byte_: return t.byte_;
    case Kind::short_: return t.short_;
    case Kind::integer: return t.integer;
    case Kind::long_: return t.long_;
    case Kind::float_: return t.float_;
    case Kind::double_: return t.double_;
    case Kind::object: return class_of_object(value.object());
  }
  return t.object;
}

// ----- methods -----

const MethodGroup* method_group(std::string_view name) { return library().group(name); }

namespace {

bool fits_int(const Value& value) {
  return (value.is_integral() && value.as_long() == static_cast<int32_t>(value.as_long())) ||
         value.kind() == Kind::character;
}

bool is_sequence(const Value& value) {
  return value.is<List>() || value.is<Range>() || value.is<Array>() ||
         (value.is<Instance>() && value.as<Instance>()->base.is<List>());
}

bool fits_letter(char letter, const Value& value) {
  if (value.is_null()) return std::string_view("OSsLKE").contains(letter);
  switch (letter) {
    case 'O': return true;
    case 'S': return value.is<String>() || value.is<GString>();
    case 's': return value.is<String>() || value.is<GString>() || value.is<Builder>();
    case 'I': return fits_int(value);
    case 'J':
      return value.is_integral() || value.is<BigInteger>() || value.kind() == Kind::character;
    case 'N':
    case 'D': return is_number(value);
    case 'Z': return value.is_bool();
    case 'c':
      return value.kind() == Kind::character ||
             (value.is<String>() && value.as<String>()->length() == 1);
    case 'C': return value.is<Closure>();
    case 'L': return is_sequence(value);
    case 'K':
      return is_sequence(value) || value.is<Set>() ||
             (value.is<Instance>() && (value.as<Instance>()->base.is<Set>()));
    case 'M':
      return value.is<Map>() || (value.is<Instance>() && value.as<Instance>()->base.is<Map>());
    case 'P': return value.is_object() && value.object()->object_kind() == ObjectKind::pattern;
    case 'R': return value.is<Range>();
    case 'X': return value.is<ClassInfo>();
    case 'A': return value.is<Array>();
    case 'B': return value.is<Array>() && value.as<Array>()->element == types().p_byte;
    case 'T': return value.is<Instance>() && value.as<Instance>()->cls->is_throwable;
    case 'E': {
      if (value.is<Closure>()) return true;
      static ClassInfo* const kComparator = known("java.util.Comparator");
      return class_of(value)->is_a(kComparator);
    }
    default: return false;
  }
}

}  // namespace

bool fits_signature(std::string_view signature, Args args) {
  size_t i = 0;
  for (size_t at = 0; at < signature.size(); ++at) {
    char letter = signature[at];
    if (at + 1 < signature.size() && signature[at + 1] == '*') {
      for (; i < args.size(); ++i) {
        if (!fits_letter(letter, args[i])) return false;
      }
      return true;
    }
    if (i >= args.size()) return false;
    if (!fits_letter(letter, args[i])) return false;
    ++i;
  }
  return i == args.size();
}

Body body_of(const Value& value) {
  if (!value.is_object()) return Body::own;
  switch (value.object()->object_kind()) {
    case ObjectKind::instance: return Body::instance;
    case ObjectKind::native:
    case ObjectKind::host: return Body::any;
    default: return Body::own;
  }
}

const Method* find_method(const MethodGroup* group, const ClassInfo* receiver, Args args,
                          Body body) {
  if (group == nullptr) return nullptr;
  for (const Method& method : group->methods) {
    if (method.body != Body::any && method.body != body) continue;
    if (receiver->is_a(method.cls) && fits_signature(method.signature, args)) return &method;
  }
  return nullptr;
}

std::vector<MethodName> methods_of(const ClassInfo* receiver) {
  std::vector<MethodName> out;
  for (const auto& [name, group] : library().groups()) {
    if (name.starts_with("static ") || name == "new") continue;
    for (const Method& method : group->methods) {
      if (receiver->is_a(method.cls)) out.push_back({name, &method});
    }
  }
  std::sort(out.begin(), out.end(),
            [](const MethodName& a, const MethodName& b) { return a.name < b.name; });
  return out;
}

// ----- class references in messages -----

std::string class_name_of(const Value& value) {
  if (value.is_null()) return "null";
  if (value.is_object()) {
    if (auto* host = value.as<HostObject>()) return host->class_name();
    if (auto* closure = value.as<Closure>()) return closure_name(*closure);
  }
  return class_of(value)->name;
}

}  // namespace ks::groovy
