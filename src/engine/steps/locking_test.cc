#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/locks.h"
#include "engine/milestones.h"
#include "engine/testing/script.h"

namespace ks::engine {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// Who was granted what, in order.
struct Granted {
  std::vector<std::string> keys;
  LockRequest ask(std::string key, std::vector<std::string> names, int64_t asked = 0) {
    LockRequest request{.key = key, .names = std::move(names), .asked_millis = asked};
    request.granted = [this, key](const std::vector<std::string>&) { keys.push_back(key); };
    return request;
  }
};

TEST(LockTable, GrantsInTheOrderOfAskingAndAllAtOnce) {
  LockTable table;
  Granted granted;
  table.acquire(granted.ask("a", {"x"}, 1));
  table.acquire(granted.ask("c", {"x", "y"}, 3));
  table.acquire(granted.ask("b", {"x"}, 2));
  EXPECT_THAT(granted.keys, ElementsAre("a"));
  EXPECT_THAT(table.try_acquire(granted.ask("d", {"x"})), IsEmpty());
  table.release("a");
  EXPECT_THAT(granted.keys, ElementsAre("a", "b"));
  table.cancel("c");
  table.release("b");
  EXPECT_THAT(table.try_acquire(granted.ask("d", {"x"})), ElementsAre("x"));
}

TEST(LockTable, PriorityAndNewestFirst) {
  LockTable table;
  Granted granted;
  table.hold("holder", {"x"});
  table.acquire(granted.ask("old", {"x"}, 1));
  auto urgent = granted.ask("urgent", {"x"}, 5);
  urgent.priority = 9;
  table.acquire(std::move(urgent));
  auto newest = granted.ask("newest", {"x"}, 7);
  newest.newest_first = true;
  table.acquire(std::move(newest));
  for (const char* key : {"holder", "urgent", "newest"}) table.release(key);
  EXPECT_THAT(granted.keys, ElementsAre("urgent", "newest", "old"));
}

TEST(LockTable, QuantityOfALabel) {
  LockTable table({{"p1", {"printer"}}, {"p2", {"printer"}}, {"scanner", {}}});
  Granted granted;
  EXPECT_TRUE(table.has_label("printer"));
  EXPECT_FALSE(table.has_label("moon"));
  const auto one = table.try_acquire({.key = "a", .label = "printer", .quantity = 1});
  EXPECT_THAT(one, ElementsAre("p1"));
  EXPECT_THAT(table.try_acquire({.key = "b", .label = "printer"}), IsEmpty());
  EXPECT_THAT(table.try_acquire({.key = "b", .label = "printer", .quantity = 1}),
              ElementsAre("p2"));
}

TEST(LockTable, NobodyIsGrantedAnythingWhileRunsRegainTheirs) {
  LockTable table;
  Granted granted;
  table.hold_back(true);
  table.acquire(granted.ask("new", {"x"}));
  EXPECT_THAT(granted.keys, IsEmpty());
  table.hold("old", {"x"});
  table.hold_back(false);
  EXPECT_THAT(granted.keys, IsEmpty());
  table.release("old");
  EXPECT_THAT(granted.keys, ElementsAre("new"));
}

TEST(Lock, BranchesTakeTurns) {
  const Ended ended = run_script(R"(
int inside = 0, most = 0
def branches = [:]
for (name in ['a', 'b', 'c']) {
  branches[name] = {
    lock(resource: 'db', variable: 'WHICH') {
      inside++; most = Math.max(most, inside)
      assert env.WHICH == 'db' && env.WHICH0 == 'db'
      sleep time: 30, unit: 'MILLISECONDS'
      inside--
    }
  }
}
parallel branches
assert most == 1
lock('db') { lock(resource: 'db', skipIfLocked: true) { echo 'NEVER' } }
)");
  EXPECT_EQ(ended.result, BuildResult::success) << ended.log;
  EXPECT_THAT(ended.log, HasSubstr("Trying to acquire lock on [Resource: db]"));
  EXPECT_THAT(ended.log, HasSubstr("[Resource: db] is locked, waiting..."));
  EXPECT_THAT(ended.log, HasSubstr("Lock released on resource [Resource: db]"));
  EXPECT_THAT(ended.log, HasSubstr("[Resource: db] is locked, skipping execution..."));
  EXPECT_THAT(ended.log, testing::Not(HasSubstr("\nNEVER")));
}

TEST(Lock, IsHeldAgainAfterARestart) {
  const TempDir folder;
  const std::string script =
      "lock('db') { sleep 1; echo 'in'; sleep time: 10, unit: 'MILLISECONDS' }";
  {
    Bench before(folder.path());
    before.open(script);
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!before.log().contains("Sleeping") && std::chrono::steady_clock::now() < deadline)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  Bench after(folder.path());
  after.open(script);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  bool held = false;
  while (!after.run().finished() && std::chrono::steady_clock::now() < deadline) {
    held = held || after.locks().try_acquire({.key = "probe", .names = {"db"}}).empty();
    after.locks().release("probe");
  }
  EXPECT_TRUE(held);
  after.run().wait();
  EXPECT_EQ(after.run().result(), BuildResult::success) << after.log();
  EXPECT_THAT(after.locks().try_acquire({.key = "probe", .names = {"db"}}), ElementsAre("db"));
}

TEST(Milestones, ANewerRunEndsTheOlderOnesBeforeIt) {
  const TempDir folder;
  std::vector<uint64_t> ended;
  auto note = [&](uint64_t number) {
    return [&ended, number](uint64_t) { ended.push_back(number); };
  };
  Milestones table(folder / "milestones.json");
  EXPECT_FALSE(table.pass("job", 1, 0, note(1)));
  EXPECT_FALSE(table.pass("job", 2, 0, note(2)));
  EXPECT_FALSE(table.pass("job", 3, 0, note(3)));
  EXPECT_FALSE(table.pass("job", 3, 1, note(3)));
  EXPECT_THAT(ended, ElementsAre(1, 2));
  EXPECT_EQ(table.pass("job", 2, 1, note(2)), 3u);
  EXPECT_FALSE(table.pass("other", 1, 1, note(1)));
  // Another process knows it too.
  Milestones later(folder / "milestones.json");
  EXPECT_EQ(later.pass("job", 2, 1, note(2)), 3u);
  EXPECT_FALSE(later.pass("job", 4, 1, note(4)));
}

TEST(Milestones, TheStepEndsWhatComesLate) {
  const TempDir folder;
  Bench bench(folder.path());
  (void)bench.milestones().pass("demo/web", 5, 2, [](uint64_t) {});
  const std::string log = bench.finish("milestone 1; echo 'NEVER'");
  EXPECT_EQ(bench.run().result(), BuildResult::not_built) << log;
  EXPECT_THAT(log, HasSubstr("Superseded by #5"));
  EXPECT_THAT(log, testing::Not(HasSubstr("\nNEVER")));
}

TEST(Milestones, OrdinalsGrowAndParallelHasNone) {
  const Ended ended = run_script(R"(
milestone 1
milestone()
try { milestone 2 } catch (e) { echo e.message }
parallel a: { try { milestone 9 } catch (e) { echo e.message } }
)");
  EXPECT_EQ(ended.result, BuildResult::success) << ended.log;
  EXPECT_THAT(ended.log, HasSubstr("Trying to pass milestone 2"));
  EXPECT_THAT(ended.log, HasSubstr("Invalid ordinal 2, as the previous one was 2"));
  EXPECT_THAT(ended.log, HasSubstr("Using a milestone step inside parallel is not allowed"));
}

}  // namespace
}  // namespace ks::engine
