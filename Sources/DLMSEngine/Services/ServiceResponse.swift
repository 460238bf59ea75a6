// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSCodec

/// What a server answered to a ``ServiceRequest``; errors of single attributes are data here.
public enum ServiceResponse: Hashable, Sendable {
    /// One result for each attribute asked for, in the same order.
    case get([GetResult])
    /// One result for each write, in the same order.
    case set([DataAccessResult])
    /// A write was sent, and there will be no answer.
    case sent
    /// The result of a method.
    case action(ActionOutcome)
    /// The results of methods, in the same order.
    case actions([ActionOutcome])
    /// One outcome for each item of an ACCESS request, in the same order.
    case access([AccessOutcome])
    /// A GET whose value was handed over in parts; the total number of octets.
    case streamed(octets: Int)
    /// What a meter of IEC 62056-21 answered.
    case text(TextResponse)
}

/// The value of one attribute as the octets of its Data, or why there is none.
public enum GetResult: Hashable, Sendable {
    /// One complete Data with its tag; nothing follows it.
    case data([UInt8])
    /// The server's reason.
    case failure(DataAccessResult)

    /// The value as a tree; nil when the server refused.
    ///
    /// - Throws: `DecodeError` when the octets are no valid Data.
    public func value() throws(DecodeError) -> DLMSData? {
        switch self {
        case .data(let octets): try DLMSData(octets: octets)
        case .failure: nil
        }
    }
}

/// The result of a method with what it returned.
public struct ActionOutcome: Hashable, Sendable {
    /// Whether the method was carried out.
    public var result: ActionResult
    /// What the method returned, if anything.
    public var returned: GetResult?

    /// Pairs a result with what was returned.
    public init(result: ActionResult, returned: GetResult? = nil) {
        self.result = result
        self.returned = returned
    }
}

/// What came of one item of an ACCESS request.
public enum AccessOutcome: Hashable, Sendable {
    /// Of a read.
    case get(GetResult)
    /// Of a write.
    case set(DataAccessResult)
    /// Of an invocation.
    case action(ActionOutcome)
    /// Nothing: an item before it failed, and the request was to break on errors.
    case skipped

    /// Whether it was done.
    public var isSuccess: Bool {
        switch self {
        case .get(.data): true
        case .set(let result): result == .success
        case .action(let outcome): outcome.result == .success
        case .get(.failure), .skipped: false
        }
    }
}

/// What is known of a request with several writes or invocations that failed before all of them were answered.
public struct PartialOutcome: Hashable, Sendable {
    /// The results of the first items.
    public var results: ServiceResponse
    /// How many items after them the server may have carried out; those after these were certainly not sent.
    public var unknown: Int

    /// Whether no result is known.
    public var isEmpty: Bool {
        switch results {
        case .get(let results): results.isEmpty
        case .set(let results): results.isEmpty
        case .actions(let outcomes): outcomes.isEmpty
        case .access(let outcomes): outcomes.isEmpty
        case .action, .sent, .streamed, .text: false
        }
    }

    /// Pairs results with what is unknown.
    public init(results: ServiceResponse, unknown: Int) {
        self.results = results
        self.unknown = unknown
    }
}
