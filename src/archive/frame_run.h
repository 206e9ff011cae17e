#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "archive/opened_archive.h"
#include "thalweg/archive/options.h"
#include "thalweg/report.h"

// Reading many parts of an archive at once, on the machine.
namespace thalweg::archive {

/// Called with the number of a job and what it gave.
using JobFunction = std::function<Status(size_t job, std::string_view content)>;

/// Reads the frames that `frames` names, one a job. `on_lane` gets each content on the lane that
/// expanded it, in any order, several at a time; then `in_order` gets them in order, one at a time.
/// Either may be empty.
Report RunFrames(const OpenedArchive& archive, const std::vector<size_t>& frames,
                 const RunSettings& settings, const char* name, const JobFunction& on_lane,
                 const JobFunction& in_order);

/// Calls `work` for each job below `jobs`, several at a time. `make` gives a lane its own function.
using LaneFactory = std::function<std::function<Status(size_t job)>()>;
Report RunJobs(size_t jobs, int64_t job_bytes, const RunSettings& settings, const char* name,
               const LaneFactory& make);

/// The same for jobs that make a text each, which `in_order` gets in order, one at a time.
using TextFactory = std::function<std::function<Status(size_t job, std::string* text)>()>;
Report RunTexts(size_t jobs, int64_t job_bytes, const RunSettings& settings, const char* name,
                const TextFactory& make, const JobFunction& in_order);

}  // namespace thalweg::archive
