#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/testing/script.h"

namespace ks::engine {
namespace {

using testing::HasSubstr;

TEST(Ws, GivesEachBlockAFolderOfItsOwn) {
  const TempDir folder;
  const std::string log = run_in(folder.path(), R"(
node {
  def at = [:]
  ws('shared') {
    at.first = pwd()
    ws(at.first) { at.inner = pwd(); assert env.WORKSPACE == at.inner }
    ws(at.first) { at.again = pwd() }
    parallel(one: { ws(at.first) { at.one = pwd(); sleep(time: 50, unit: 'MILLISECONDS') } },
             two: { ws(at.first) { at.two = pwd(); sleep(time: 50, unit: 'MILLISECONDS') } })
  }
  ws('shared') { at.later = pwd() }
  ws(env.WORKSPACE) { at.own = pwd() }
  for (name in ['first', 'inner', 'again', 'one', 'two', 'later', 'own']) echo "${name}=${at[name]}"
}
)")
                              .log;
  const std::string web = folder.path() + "/node/workspace/demo/web";
  for (const auto& [name, path] :
       {std::pair("first", "/shared"), std::pair("inner", "/shared@2"),
        std::pair("again", "/shared@2"), std::pair("one", "/shared@2"),
        std::pair("two", "/shared@3"), std::pair("later", "/shared"), std::pair("own", "@2")})
    EXPECT_THAT(log, HasSubstr(fmt::format("\n{}={}{}\n", name, web, path)));
}

}  // namespace
}  // namespace ks::engine
