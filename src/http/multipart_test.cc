#include "http/multipart.h"

#include <gtest/gtest.h>

namespace ks::http {
namespace {

const std::string kType = "multipart/form-data; boundary=\"a b\"";

TEST(Multipart, FieldsAndFilesComeInOrder) {
  const std::string body =
      "preamble\r\n--a b\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\none\r\n"
      "--a b  \r\ncontent-type: text/plain\r\ncontent-disposition: form-data; "
      "filename=\"C:\\dir\\q \\\" ;.txt\"; name=y\r\n\r\n\r\n--b\r\n\r\n--a b--\r\n";
  const auto parts = parse_multipart(kType, body);
  ASSERT_TRUE(parts.ok()) << parts.error().message;
  ASSERT_EQ(parts->size(), 2u);
  EXPECT_EQ((*parts)[0].name, "x");
  EXPECT_EQ((*parts)[0].content, "one");
  EXPECT_FALSE((*parts)[0].is_file);
  EXPECT_EQ((*parts)[1].name, "y");
  EXPECT_EQ((*parts)[1].filename, "C:\\dir\\q \" ;.txt");
  EXPECT_TRUE((*parts)[1].is_file);
  EXPECT_EQ((*parts)[1].content, "\r\n--b\r\n");
}

TEST(Multipart, EveryCutOffFormIsRefused) {
  const std::string body =
      "--b\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\none\r\n--b--\r\n";
  const std::string type = "multipart/form-data; boundary=b";
  ASSERT_TRUE(parse_multipart(type, body).ok());
  // Without the last line break it is whole all the same.
  for (size_t size = 0; size < body.size() - 4; ++size) {
    EXPECT_FALSE(parse_multipart(type, body.substr(0, size)).ok()) << size;
  }
}

TEST(Multipart, OtherTypesAndTooManyFieldsAreRefused) {
  EXPECT_FALSE(parse_multipart("application/json", "{}").ok());
  EXPECT_FALSE(parse_multipart("multipart/form-data", "--\r\n").ok());
  std::string body;
  for (int i = 0; i < 4; ++i) {
    body += "--b\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\n\r\n";
  }
  body += "--b--";
  EXPECT_TRUE(parse_multipart("multipart/form-data; boundary=b", body, 4).ok());
  const auto many = parse_multipart("multipart/form-data; boundary=b", body, 3);
  ASSERT_FALSE(many.ok());
  EXPECT_EQ(many.error().code, Code::too_large);
}

}  // namespace
}  // namespace ks::http
