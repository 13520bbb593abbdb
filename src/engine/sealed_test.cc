#include "engine/sealed.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/file.h"

namespace ks::engine {
namespace {

TEST(Sealed, OnlyTheKeyOpensIt) {
  const TempDir folder;
  const std::string key = folder / "key";
  for (const std::string& secret :
       {std::string(), std::string("pa\0ss", 5), std::string(100'000, 'x')}) {
    const std::string sealed = seal(key, secret).value();
    EXPECT_EQ(unseal(key, sealed).value(), secret);
    EXPECT_NE(seal(key, secret).value(), sealed) << "each has a number of its own";
  }
  struct stat info{};
  ASSERT_EQ(stat(key.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);

  std::string sealed = seal(key, "secret").value();
  EXPECT_FALSE(sealed.contains("secret"));
  EXPECT_EQ(unseal(key, sealed.substr(0, 20)).error().code, Code::invalid);
  sealed[14] ^= 1;
  EXPECT_EQ(unseal(key, sealed).error().code, Code::invalid);
  sealed[14] ^= 1;
  EXPECT_TRUE(unseal(key, sealed));
  ASSERT_TRUE(remove_tree(key));
  EXPECT_EQ(unseal(key, sealed).error().code, Code::not_found);
  EXPECT_TRUE(seal(key, "another"));
  EXPECT_EQ(unseal(key, sealed).error().code, Code::invalid);
}

}  // namespace
}  // namespace ks::engine
