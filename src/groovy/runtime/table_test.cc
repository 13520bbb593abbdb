#include "groovy/runtime/table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "groovy/run_file.h"
#include "groovy/runtime/objects.h"
#include "groovy/runtime/operators.h"

namespace ks::groovy {
namespace {

struct Bench {
  PlainHost host{1};
  Interpreter interpreter{host};
  Task task{interpreter};
  Value text(int n) { return interpreter.make_string("k" + std::to_string(n)); }
};

std::vector<std::string> keys(Bench& bench, Table& table) {
  std::vector<std::string> out;
  for (size_t i = table.begin(); i != table.end(); i = table.next(i)) {
    out.push_back(to_string(bench.task, table.at(i).key));
  }
  return out;
}

/// Random puts and removes against a list of pairs in order of insertion.
void compare_with_model(Table::Order order, unsigned seed) {
  Bench bench;
  Table table(order);
  std::vector<std::pair<std::string, int>> model;
  std::mt19937 random(seed);
  for (int step = 0; step < 4000; ++step) {
    int number = static_cast<int>(random() % (step % 1000 < 500 ? 12 : 200));
    Value key = bench.text(number);
    std::string name = "k" + std::to_string(number);
    auto known = std::find_if(model.begin(), model.end(),
                              [&](const auto& each) { return each.first == name; });
    switch (random() % 3) {
      case 0:
        EXPECT_EQ(table.remove(bench.task, key), known != model.end());
        if (known != model.end()) model.erase(known);
        break;
      default:
        EXPECT_EQ(table.put(bench.task, key, Value::of_int(step)), known == model.end());
        if (known == model.end()) {
          model.emplace_back(name, step);
        } else {
          known->second = step;
        }
    }
    ASSERT_EQ(table.size(), model.size());
    for (const auto& [each, value] : model) {
      Table::Item* item = table.find(std::string_view(each));
      ASSERT_NE(item, nullptr) << each << " at step " << step;
      ASSERT_EQ(item->value.as_int(), value);
    }
  }
  std::vector<std::string> expected;
  for (const auto& [each, value] : model) expected.push_back(each);
  std::vector<std::string> got = keys(bench, table);
  if (order == Table::Order::sorted) std::sort(expected.begin(), expected.end());
  if (order == Table::Order::hashed) {
    std::sort(expected.begin(), expected.end());
    std::sort(got.begin(), got.end());
  }
  EXPECT_EQ(got, expected);
}

TEST(GroovyTable, HoldsWhatAModelHolds) {
  for (unsigned seed = 1; seed <= 3; ++seed) {
    compare_with_model(Table::Order::inserted, seed);
    compare_with_model(Table::Order::hashed, seed);
    compare_with_model(Table::Order::sorted, seed);
  }
}

TEST(GroovyTable, SmallAgainAfterBeingLargeStillFindsWhatIsAdded) {
  Bench bench;
  Table table;
  for (int i = 0; i < 50; ++i) table.put(bench.task, bench.text(i), Value::of_int(i));
  for (int i = 0; i < 48; ++i) table.remove(bench.task, bench.text(i));
  for (int i = 100; i < 104; ++i) {
    table.put(bench.task, bench.text(i), Value::of_int(i));
    EXPECT_NE(table.find(bench.task, bench.text(i)), nullptr) << i;
  }
}

TEST(GroovyTable, ALongAndAnIntAreDifferentKeys) {
  Bench bench;
  Table table;
  table.put(bench.task, Value::of_int(1), Value::of_int(10));
  EXPECT_EQ(table.find(bench.task, Value::of_long(1)), nullptr);
  EXPECT_NE(table.find(bench.task, Value::of_int(1)), nullptr);
}

}  // namespace
}  // namespace ks::groovy
