#pragma once

inline int add(int a, int b) { return a + b; }
inline int multiply(int a, int b) { return a * b; }
