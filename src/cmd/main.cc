#include <fmt/format.h>

int main() {
  fmt::print("ks\n");
  return 0;
}
