#include "engine/masker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "base/process.h"
#include "base/text.h"

namespace ks::engine {
namespace {

using testing::HasSubstr;
using testing::Not;

Masker masking(std::initializer_list<std::string_view> secrets) {
  Masker masker;
  for (std::string_view secret : secrets) masker.add(secret);
  return masker;
}

/// As a command's output comes: in pieces.
std::string in_pieces(Masker masker, const std::vector<std::string>& pieces) {
  std::string shown;
  for (const std::string& piece : pieces) shown += masker.mask(piece);
  return shown + masker.flush();
}

TEST(Masker, AlwaysShowsFourStars) {
  EXPECT_EQ(masking({"s3cr3t"}).mask_all("a s3cr3t b s3cr3ts3cr3t"), "a **** b ********");
  EXPECT_EQ(masking({"x"}).mask_all("axb"), "a****b");
}

TEST(Masker, BlankSecretsMaskNothing) {
  EXPECT_EQ(masking({"", " ", "\n\t"}).mask_all("a b\n\tc"), "a b\n\tc");
  EXPECT_TRUE(masking({""}).empty());
}

TEST(Masker, TheLongestFormGoesFirst) {
  EXPECT_EQ(masking({"pass", "password"}).mask_all("password pass passwor"), "**** **** ****wor");
}

TEST(Masker, ASecretSplitOverWritesIsHeldBackUntilItIsWhole) {
  Masker masker = masking({"s3cr3t"});
  EXPECT_EQ(masker.mask("say s3c"), "say ");
  EXPECT_EQ(masker.held_bytes(), 3u);
  EXPECT_EQ(masker.mask("r3"), "");
  EXPECT_EQ(masker.mask("t!"), "****!");
  EXPECT_EQ(masker.mask("s3cx"), "s3cx");
  EXPECT_EQ(masker.mask("s3"), "");
  EXPECT_EQ(masker.flush(), "s3");
}

TEST(Masker, AShorterSecretAtTheEndIsMaskedWhenTheLongerOneDoesNotCome) {
  EXPECT_EQ(in_pieces(masking({"pass", "password"}), {"a pass", "wo"}), "a ****wo");
  EXPECT_EQ(in_pieces(masking({"pass", "password"}), {"a pass", "word"}), "a ****");
}

TEST(Masker, KnowsSecretsOfAnotherThatCameLater) {
  Masker all, one;
  one.use_forms_of(all);
  EXPECT_EQ(one.mask("early "), "early ");
  all.add("late");
  one.use_forms_of(all);
  EXPECT_EQ(one.mask("late "), "**** ");
}

TEST(Masker, LinesOfAMultiLineSecretAreSecretsToo) {
  const std::string key =
      "-----BEGIN KEY-----\nline-one-of-it\nab\nline-two-of-it\n-----END KEY-----\n";
  const Masker masker = masking({key});
  EXPECT_EQ(masker.mask_all(key), "****");
  EXPECT_EQ(masker.mask_all("x line-two-of-it y ab"), "x **** y ab");
  EXPECT_THAT(masker.mask_all("-----BEGIN KEY-----\r\nline-one-of-it\r\n"),
              Not(HasSubstr("line-one")));
}

/// What a shell prints of a word while it traces.
std::string traced(const std::string& shell, const std::string& script, const std::string& secret) {
  SpawnOptions options;
  options.argv = {shell, "-c", script};
  options.env = {"S=" + secret, "LC_ALL=C.UTF-8", "PATH=/usr/bin:/bin"};
  auto ran = run_process(options);
  EXPECT_TRUE(ran.ok());
  return ran ? ran->out + ran->err : "";
}

// The shells themselves say how they quote.
TEST(Masker, NoFormThatAShellPrintsShowsTheSecret) {
  for (const std::string secret :
       {"it's a secret", "a'b\"c$d`e\\f", "semi;colon&and|pipe", "quo''ted", "tab\there-and-there",
        "two words", "dollar$and%percent", "ünïcode'secret", "line-one'x\nline-two$y"}) {
    const Masker masker = masking({secret});
    for (const std::string shell : {"dash", "bash"}) {
      const std::string shown =
          masker.mask_all(traced(shell, "set -x; : \"$S\"; X=\"pre $S post\"; : \"$X\"", secret));
      EXPECT_THAT(shown, HasSubstr("****")) << shell << " " << secret;
      for (std::string_view line : split(secret, '\n'))
        EXPECT_THAT(shown, Not(HasSubstr(std::string(line)))) << shell << " " << secret;
      // Nor half of it beside the stars.
      EXPECT_THAT(shown, Not(HasSubstr("secret"))) << shell;
    }
    const std::string shown = masker.mask_all(traced("bash", "printf '%q' \"$S\"", secret));
    EXPECT_THAT(shown, HasSubstr("****")) << secret;
    EXPECT_THAT(shown, Not(HasSubstr("secret")));
  }
}

std::string random_secret(std::mt19937& random, bool any_byte) {
  constexpr std::string_view kCharacters =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'\"$%&/()=?\\{}[]<>|;:,.-_ "
      "\n+*~#";
  std::string secret;
  const size_t length = 4 + random() % 60;
  while (secret.size() < length || trim(secret).size() < 4)
    secret += any_byte ? static_cast<char>(random()) : kCharacters[random() % kCharacters.size()];
  return secret;
}

/// Text that no form of a secret has by chance.
std::string filler(std::mt19937& random) {
  std::string text;
  for (size_t i = random() % 20; i > 0; i--) text += static_cast<char>(0x01 + random() % 6);
  return text;
}

// Whatever is around a secret, however it is written and cut into pieces: exactly the secret is
// replaced.
TEST(Masker, MasksRandomSecretsInEachFormCutAnywhere) {
  std::mt19937 random(20261125);
  for (int round = 0; round < 3000; round++) {
    const std::string secret = random_secret(random, round % 3 == 0);
    const Masker masker = masking({secret});
    std::vector<std::string> forms = {
        secret,
        replace_all(secret, "'", "'\\''"),
        replace_all(secret, "'", "'\"'\"'"),
        replace_all(secret, "$", "$$"),
        replace_all(secret, "%", "%%"),
        percent_encode(secret),
        replace_all(percent_encode(secret), "%20", "+"),
    };
    for (const std::string& form : forms) {
      const std::string before = filler(random), after = filler(random);
      const std::string text = before + form + after;
      std::vector<std::string> pieces;
      for (size_t at = 0; at < text.size();) {
        const size_t size = 1 + random() % (random() % 4 == 0 ? 3 : 40);
        pieces.push_back(text.substr(at, size));
        at += size;
      }
      ASSERT_EQ(in_pieces(masker, pieces), before + "****" + after)
          << "secret " << percent_encode(secret) << " form " << percent_encode(form);
    }
  }
}

// The base64 of anything with the secret in it, at whatever offset: what is left must not tell it.
TEST(Masker, MasksBase64AtEachOffset) {
  std::mt19937 random(7);
  for (int round = 0; round < 2000; round++) {
    const std::string secret = "S" + random_secret(random, false) + "E";
    const Masker masker = masking({secret});
    std::string before = "user:", after;
    for (size_t i = random() % 8; i > 0; i--) before += static_cast<char>('a' + random() % 26);
    for (size_t i = random() % 8; i > 0; i--) after += static_cast<char>('a' + random() % 26);
    for (const std::string& encoded :
         {base64_encode(before + secret + after), base64url_encode(before + secret + after)}) {
      std::vector<std::string> pieces;
      for (size_t at = 0; at < encoded.size(); at += 5) pieces.push_back(encoded.substr(at, 5));
      const std::string shown = in_pieces(masker, pieces);
      ASSERT_THAT(shown, HasSubstr("****")) << secret;
      // At most the characters that mix the secret's first and last byte with its neighbours stay.
      ASSERT_LE(shown.size(), 4 + (before.size() + after.size()) * 4 / 3 + 8) << secret;
    }
  }
}

TEST(Masker, IsQuickWithManySecrets) {
  Masker masker;
  std::mt19937 random(3);
  for (int i = 0; i < 50; i++) masker.add(random_secret(random, false));
  std::string text;
  while (text.size() < (4u << 20)) text += "[INFO] compiling module number 17 of the project\n";
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(masker.mask_all(text).size(), text.size());
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
}

}  // namespace
}  // namespace ks::engine
