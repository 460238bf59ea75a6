// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSEngine

/// What a meter answered, with how it came about.
public struct SessionAnswer: Hashable, Sendable {
    /// Whose exchange the answer comes from.
    public enum Source: String, Hashable, Sendable {
        /// The caller's own.
        case live
        /// An equal read of another caller that was in progress or waiting.
        case shared
    }

    /// Where the time went.
    public struct Timings: Hashable, Sendable {
        /// Waiting for the channel.
        public var queue: Duration
        /// Connecting and associating; zero when the association was open.
        public var connect: Duration
        /// Exchanging requests and answers.
        public var exchange: Duration

        /// Gathers the three times.
        public init(queue: Duration = .zero, connect: Duration = .zero, exchange: Duration = .zero) {
            self.queue = queue
            self.connect = connect
            self.exchange = exchange
        }
    }

    /// What the meter answered.
    public var response: ServiceResponse
    /// Where the time went.
    public var timings: Timings
    /// Whose exchange it was.
    public var source: Source
    /// What was agreed and learned in the association.
    public var association: AssociationInfo
    /// Whether a streamed value ended after some of its parts to make way for urgent work.
    ///
    /// Then the rest has to be asked for anew. Only if ``SessionRequest/makesWay`` allowed it.
    public var madeWay: Bool

    /// Gathers an answer.
    public init(
        response: ServiceResponse,
        timings: Timings,
        source: Source,
        association: AssociationInfo,
        madeWay: Bool = false
    ) {
        self.response = response
        self.timings = timings
        self.source = source
        self.association = association
        self.madeWay = madeWay
    }
}
