// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSSecurity

/// Why a store of configurations did not do what was asked.
public enum StoreError: Error, Hashable, Sendable {
    /// The caller's precondition does not hold; `current` is the record's revision, nil when there is no record.
    case preconditionFailed(current: Revision?)
    /// The caller named a channel or group that does not exist.
    case referenceUnknown(String)
    /// The record is named by others and cannot go; their names, at most ten.
    case inUse(by: [String])
    /// The caller's cursor was not made by this store.
    case badCursor
    /// A secret could not be sealed or opened; the operator's key file or the database is at fault.
    case sealing(SealingError)
    /// A stored document does not read back; the database was changed by other hands or a newer gateway.
    case damaged(record: String, reason: String)
    /// The database failed; `reason` is for the log.
    case unavailable(reason: String)
}

/// What must hold for a write to happen (RFC 9110 §13.1).
public enum WritePrecondition: Hashable, Sendable {
    /// There is no such record yet: `If-None-Match: *`.
    case ifAbsent
    /// The record exists, in whichever state: `If-Match: *`.
    case ifPresent
    /// The record has one of these revisions: `If-Match` with entity tags.
    case ifRevision(Set<Revision>)
    /// Nothing; for the gateway's own writes.
    case unconditional
}

/// What a write did.
public enum WriteResult<Record: Sendable>: Sendable {
    /// It made the record.
    case created(Record)
    /// It replaced the record.
    case replaced(Record)

    /// The record as it is now.
    public var record: Record {
        switch self {
        case .created(let record), .replaced(let record): record
        }
    }
}

extension WriteResult: Equatable where Record: Equatable {}

/// A part of a list with the cursor that gets the next part.
public struct Page<Item: Sendable>: Sendable {
    /// The items in order.
    public let items: [Item]
    /// What to pass on for the items after these; nil when these are the last.
    public let next: String?

    /// Makes a page.
    public init(items: [Item], next: String?) {
        self.items = items
        self.next = next
    }
}
