// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Fleet

/// What came of reading several attributes: a reading or a reason for each.
public struct ReadAnswer: Sendable {
    /// The association in which was read.
    public let association: String
    /// One outcome for each query, in the same order.
    public let outcomes: [Outcome]
    /// Where the time went.
    public let timings: ExchangeTimings
    /// How long the same read gives the same; nil unless every value came from memory.
    public let standing: StandingRead?

    /// One query with its outcome.
    public struct Outcome: Sendable {
        /// What was asked.
        public let query: AttributeQuery
        /// The object, if it could be told.
        public let object: MeterObject?
        /// The attribute, if it could be told.
        public let attributeIndex: Int8?
        /// The value, or why there is none.
        public let result: Result<Reading, GatewayError>
    }

    /// The same values as ones that are too old.
    var markedStale: ReadAnswer {
        ReadAnswer(
            association: association,
            outcomes: outcomes.map { outcome in
                Outcome(
                    query: outcome.query,
                    object: outcome.object,
                    attributeIndex: outcome.attributeIndex,
                    result: outcome.result.map { reading in
                        var reading = reading
                        reading.isStale = true
                        return reading
                    }
                )
            },
            timings: timings,
            standing: nil
        )
    }

    /// How many queries have no value.
    public var failures: Int {
        outcomes.count { outcome in
            if case .failure = outcome.result { true } else { false }
        }
    }
}
