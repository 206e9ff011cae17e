#include "thalweg/metrics.h"

#include <algorithm>
#include <utility>

#include "base/number.h"

namespace thalweg {
namespace {

enum Kind : int { kCounter, kGauge, kHistogram };
constexpr const char* kKindNames[] = {"counter", "gauge", "histogram"};

// Bounds of the histogram's exposed buckets: 2^10 ns (about a microsecond) to 2^36 ns (69 s).
constexpr int kExponentMin = 10;
constexpr int kExponentMax = 36;
constexpr int kExponentStep = 2;

void AppendEscaped(std::string* out, const std::string& text, bool quotes) {
  for (const char c : text) {
    if (c == '\\') {
      *out += "\\\\";
    } else if (c == '\n') {
      *out += "\\n";
    } else if (c == '"' && quotes) {
      *out += "\\\"";
    } else {
      out->push_back(c);
    }
  }
}

std::string LabelText(const MetricLabels& labels) {
  std::string text;
  for (const auto& [name, value] : labels) {
    if (!text.empty()) text += ',';
    text += name + "=\"";
    AppendEscaped(&text, value, /*quotes=*/true);
    text += '"';
  }
  return text;
}

void AppendDouble(std::string* out, double value) {
  char text[kDoubleTextMax];
  out->append(text, FormatDouble(value, text));
}

std::string Line(const std::string& name, const std::string& labels, const std::string& more) {
  std::string line = name;
  if (!labels.empty() || !more.empty()) {
    line += '{' + labels + (!labels.empty() && !more.empty() ? "," : "") + more + '}';
  }
  line += ' ';
  return line;
}

void AppendHistogram(std::string* out, const std::string& name, const std::string& labels,
                     const DurationHistogram& histogram) {
  const int64_t count = histogram.durations().count();
  for (int e = kExponentMin; e <= kExponentMax; e += kExponentStep) {
    std::string bound = "le=\"";
    AppendDouble(&bound, static_cast<double>(int64_t{1} << e) * 1e-9);
    // The total is read first: with others recording meanwhile no bucket may exceed it.
    const int64_t below = std::min(count, histogram.durations().CountBelowPowerOfTwo(e));
    *out += Line(name + "_bucket", labels, bound + '"') + std::to_string(below) + '\n';
  }
  *out += Line(name + "_bucket", labels, "le=\"+Inf\"") + std::to_string(count) + '\n';
  *out += Line(name + "_sum", labels, "");
  AppendDouble(out, histogram.sum_s());
  *out += '\n' + Line(name + "_count", labels, "") + std::to_string(count) + '\n';
}

}  // namespace

struct MetricsRegistry::Family {
  int kind;
  std::string help;
  std::map<std::string, std::unique_ptr<Counter>> counters;
  std::map<std::string, std::unique_ptr<Gauge>> gauges;
  std::map<std::string, std::unique_ptr<DurationHistogram>> histograms;
};

MetricsRegistry::MetricsRegistry() = default;
MetricsRegistry::~MetricsRegistry() = default;

MetricsRegistry::Family& MetricsRegistry::FamilyOf(const MetricInfo& info, int kind) {
  auto& family = families_[info.name];
  if (family == nullptr) {
    family = std::make_unique<Family>();
    family->kind = kind;
    family->help = info.help;
  }
  if (family->kind == kind) return *family;
  hidden_.push_back(std::make_unique<Family>());
  return *hidden_.back();
}

Counter& MetricsRegistry::AddCounter(const MetricInfo& info, const MetricLabels& labels) {
  std::scoped_lock lock(mutex_);
  auto& metric = FamilyOf(info, kCounter).counters[LabelText(labels)];
  if (metric == nullptr) metric = std::make_unique<Counter>();
  return *metric;
}

Gauge& MetricsRegistry::AddGauge(const MetricInfo& info, const MetricLabels& labels) {
  std::scoped_lock lock(mutex_);
  auto& metric = FamilyOf(info, kGauge).gauges[LabelText(labels)];
  if (metric == nullptr) metric = std::make_unique<Gauge>();
  return *metric;
}

DurationHistogram& MetricsRegistry::AddHistogram(const MetricInfo& info,
                                                 const MetricLabels& labels) {
  std::scoped_lock lock(mutex_);
  auto& metric = FamilyOf(info, kHistogram).histograms[LabelText(labels)];
  if (metric == nullptr) metric = std::make_unique<DurationHistogram>();
  return *metric;
}

std::string MetricsRegistry::ToPrometheus() const {
  std::scoped_lock lock(mutex_);
  std::string out;
  for (const auto& [base, family] : families_) {
    const std::string name = family->kind == kCounter ? base + "_total" : base;
    out += "# HELP " + name + ' ';
    AppendEscaped(&out, family->help, /*quotes=*/false);
    out += "\n# TYPE " + name + ' ' + kKindNames[family->kind] + '\n';
    for (const auto& [labels, counter] : family->counters) {
      out += Line(name, labels, "") + std::to_string(counter->value()) + '\n';
    }
    for (const auto& [labels, gauge] : family->gauges) {
      out += Line(name, labels, "");
      AppendDouble(&out, gauge->value());
      out += '\n';
    }
    for (const auto& [labels, histogram] : family->histograms) {
      AppendHistogram(&out, name, labels, *histogram);
    }
  }
  return out;
}

std::string MetricsRegistry::List() const {
  std::scoped_lock lock(mutex_);
  std::string out;
  for (const auto& [name, family] : families_) {
    out += name + (family->kind == kCounter ? "_total " : " ") + kKindNames[family->kind] + " " +
           family->help + '\n';
  }
  return out;
}

}  // namespace thalweg
