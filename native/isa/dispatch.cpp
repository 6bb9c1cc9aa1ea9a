// Which instruction sets this build has, which of them this machine has, and which one is in use.
#include <cstdlib>
#include <stdexcept>

#include "../kernels.hpp"

#define ALSATIAN_DECLARE(isa)                    \
    namespace alsatian::isa {                    \
    extern const Kernels<float> float_kernels;   \
    extern const Kernels<double> double_kernels; \
    }
ALSATIAN_DECLARE(baseline)
#ifdef ALSATIAN_X86
ALSATIAN_DECLARE(avx2)
ALSATIAN_DECLARE(avx512)
#endif

namespace alsatian {

std::vector<std::string> available_isas() {
    std::vector<std::string> names;
#ifdef ALSATIAN_X86
    __builtin_cpu_init();
    const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    if (avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw"))
        names.push_back("avx512");
    if (avx2) names.push_back("avx2");
#endif
    names.push_back("baseline");
    return names;
}

const char* current_isa() {
    const std::vector<std::string> names = available_isas();
    std::string wanted = names.front();
    if (const char* forced = std::getenv("ALSATIAN_ISA"); forced && *forced) wanted = forced;
    for (const std::string& name : names)
        if (name == wanted) return kernels<float>(name).isa;
    std::string list;
    for (const std::string& name : names) list += (list.empty() ? "" : ", ") + name;
    throw std::invalid_argument("ALSATIAN_ISA=" + wanted +
                                " is not available: this build on this machine has " + list);
}

template <class T>
static const Kernels<T>& pick(const Kernels<float>& f, const Kernels<double>& d) {
    if constexpr (sizeof(T) == sizeof(float))
        return f;
    else
        return d;
}

template <class T>
const Kernels<T>& kernels(const std::string& isa) {
#ifdef ALSATIAN_X86
    if (isa == "avx512") return pick<T>(avx512::float_kernels, avx512::double_kernels);
    if (isa == "avx2") return pick<T>(avx2::float_kernels, avx2::double_kernels);
#endif
    return pick<T>(baseline::float_kernels, baseline::double_kernels);
}

template const Kernels<float>& kernels<float>(const std::string&);
template const Kernels<double>& kernels<double>(const std::string&);

}  // namespace alsatian
