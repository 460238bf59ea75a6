// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Jobs
public import Timekeeping

/// On whose behalf a reading came in.
public enum ReadingOrigin: Hashable, Sendable {
    /// A caller asked for it.
    case live
    /// A job read it.
    case job(JobID)
    /// A schedule's job read it.
    case schedule(JobID)
    /// The meter sent it by itself.
    case push
    /// It was imported from a file.
    case file

    /// The name of the origin.
    public var word: String {
        switch self {
        case .live: "live"
        case .job: "job"
        case .schedule: "schedule"
        case .push: "push"
        case .file: "file"
        }
    }

    /// The job that read it; nil if none did.
    public var job: JobID? {
        switch self {
        case .job(let id), .schedule(let id): id
        case .live, .push, .file: nil
        }
    }

    /// Takes the name and the job; nil if they do not fit.
    public init?(word: String, job: JobID?) {
        switch (word, job) {
        case ("live", nil): self = .live
        case ("job", let id?): self = .job(id)
        case ("schedule", let id?): self = .schedule(id)
        case ("push", nil): self = .push
        case ("file", nil): self = .file
        default: return nil
        }
    }
}
