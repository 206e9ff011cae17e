#pragma once

#include <functional>
#include <map>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "thalweg/export.h"
#include "thalweg/retry.h"
#include "thalweg/session.h"

namespace thalweg {

/// A job as its file says: where rows come from, what becomes of them, where they go. Value type.
struct THALWEG_EXPORT Job {
  std::string name;  ///< By default the file's name without its suffix.
  std::string
      source;  ///< Location; its rows are the table `source` in the transform. May be empty.
  Values source_options;
  std::string transform;  ///< SQL; empty: every column as it is.
  /// `module:function` of a host, which stands in place of SQL; `map` is that function.
  std::string callable;
  BatchMap map;
  std::string sink;  ///< Location; empty only for a job written as SQL with COPY.
  Values sink_options;
  QueryOptions options;
  RetryPolicy retry;  ///< Of the whole job, since a failed one has left nothing.

  /// Reads a job from `text`. `format`: `toml`, `yaml`, `json` or `sql`. `path` is for messages and
  /// for the default name. `set` holds `key=value` overrides with dotted keys. References `${VAR}`,
  /// `${VAR:-default}` and `${VAR:?message}` in values are filled from the environment; in SQL they
  /// are not, so that a variable can never become SQL. An unknown key is `invalid_argument` with
  /// the nearest known one. All problems are found: each is an entry of `problems` when it is
  /// given.
  static Result<Job> Parse(std::string_view text, std::string_view format, std::string_view path,
                           const std::vector<std::string>& set,
                           std::vector<Status>* problems = nullptr);
  /// The same from a file; the format follows the suffix.
  static Result<Job> Load(const std::string& path, const std::vector<std::string>& set,
                          std::vector<Status>* problems = nullptr);

  /// The SQL that it stands for, without the sink.
  std::string Query() const;
  /// Runs it to its end; again, as `retry` says, when what stopped it may pass.
  Result<Report> Run(std::stop_token stop) const;
  /// Everything that is wrong with it. `offline`: sources are not opened.
  std::vector<Status> Check(bool offline) const;

 private:
  Result<Report> RunOnce(std::stop_token stop) const;
};

/// The JSON schema of job files (draft 2020-12).
THALWEG_EXPORT std::string JobSchema();
/// A commented job file for `source` → `sink`.
THALWEG_EXPORT std::string JobTemplate(const std::string& source, const std::string& sink);

}  // namespace thalweg
