// Numbers that a test can repeat.
#pragma once

#include <cstddef>
#include <random>
#include <vector>

namespace testing {

// Uniform numbers from −1 to 1, the same for the same seed.
template <class T>
std::vector<T> random_vector(std::size_t count, unsigned seed) {
    std::mt19937_64 engine(seed);
    std::uniform_real_distribution<double> uniform(-1, 1);
    std::vector<T> v(count);
    for (T& x : v) x = static_cast<T>(uniform(engine));
    return v;
}

}  // namespace testing
