// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Timekeeping

/// Makes jobs whose targets do not fit into one transaction or into memory: begun, filled page by page, completed.
///
/// Until it is completed nothing of a job runs, and lists leave it out. A crash in between leaves it as it is; whoever asks again with its
/// idempotency key goes on where it ends, and without one it is removed after a while.
public protocol JobFilling: Sendable {
    /// Stores a job with its first targets, to be filled.
    ///
    /// - Throws: ``JobStoreError/idempotencyKeyReused``, ``JobStoreError/noTargets``.
    func begin(_ creation: JobCreation) async throws(JobStoreError) -> JobCreationResult

    /// The job that was made with an idempotency key, complete or not; nil when there is none.
    func job(withKey key: String) async throws(JobStoreError) -> JobRecord?

    /// How far the filling of a job is; nil when it is complete, final or unknown.
    func filling(of job: JobID) async throws(JobStoreError) -> JobFillingState?

    /// Appends targets behind those that the job has.
    ///
    /// - Parameter count: how many it has; when that is no longer so, somebody else fills it.
    /// - Returns: false when the job was cancelled, removed, completed or filled by somebody else.
    func append(
        _ targets: [String],
        to job: JobID,
        after count: Int,
        spread: JobSpread?,
        now: Timestamp
    ) async throws(JobStoreError) -> Bool

    /// Lets a filled job begin; gives it as it is then, nil when there is none any more.
    func complete(_ job: JobID, now: Timestamp) async throws(JobStoreError) -> JobRecord?
}

/// How far the filling of a job is.
public struct JobFillingState: Hashable, Sendable {
    /// How many targets it has.
    public var count: Int
    /// The last of them.
    public var last: String

    /// Makes a state.
    public init(count: Int, last: String) {
        self.count = count
        self.last = last
    }
}
