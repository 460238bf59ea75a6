// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// What this process did with jobs.
public enum JobNotice: Sendable {
    /// A job was stored.
    case made(JobRecord)
    /// Jobs changed, in the order of the changes; each as it is after one.
    case changed([JobRecord])
}
