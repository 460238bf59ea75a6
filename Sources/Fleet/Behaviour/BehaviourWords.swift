// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

extension MeterBehaviour {
    /// What a meter can do of selective access to profile buffers (Blue Book, class 7, selectors 1 and 2).
    public enum SelectiveAccessSupport: String, CaseIterable, Hashable, Sendable {
        /// Ranges, entries and columns.
        case full
        /// Ranges and entries, but no selection of columns.
        case rows
        /// Entries only.
        case entries
        /// Nothing: the whole buffer is read and cut here.
        case none
    }

    /// Whether a row that lies on the edge of an asked range is answered.
    public enum RangeEdge: String, CaseIterable, Hashable, Sendable {
        /// It is, as the standard says.
        case included
        /// It is not, so the edge is moved by a capture period.
        case excluded
    }

    /// What the edges of a range must be multiples of.
    public enum RangeAlignment: String, CaseIterable, Hashable, Sendable {
        /// Any time is taken.
        case none
        /// Whole hours only.
        case hour
        /// Whole days only.
        case day
    }

    /// What the edges of a range say about their deviation from UTC.
    public enum RangeDeviation: String, CaseIterable, Hashable, Sendable {
        /// The deviation is given.
        case given
        /// The deviation is not specified: 8000 hex.
        case omitted
    }

    /// In what time a meter counts.
    public enum ClockBasis: String, CaseIterable, Hashable, Sendable {
        /// The civil time of its zone, with daylight saving.
        case civil
        /// The standard time of its zone, all year.
        case standard
        /// UTC.
        case utc
    }

    /// How the deviation in date-times of a meter is meant.
    public enum DeviationSign: String, CaseIterable, Hashable, Sendable {
        /// UTC is local time plus deviation, as the standard says.
        case standard
        /// UTC is local time minus deviation, as in ISO 8601.
        case inverted
        /// It is wrong: the meter's time zone counts instead.
        case ignored
    }

    /// The column that a range of a profile restricts.
    public enum RestrictingColumn: String, CaseIterable, Hashable, Sendable {
        /// The clock.
        case clock
        /// The profile's sort object.
        case sortObject = "sort-object"
        /// The first captured object.
        case first
    }

    /// What a null cell of a profile means.
    public enum NullCells: String, CaseIterable, Hashable, Sendable {
        /// The value of the row before, as the standard says.
        case repeated
        /// There is no value.
        case missing
    }

    /// The order of rows in a profile's buffer.
    public enum BufferOrder: String, CaseIterable, Hashable, Sendable {
        /// As the profile's sort method says.
        case described
        /// The oldest row first.
        case ascending
        /// The newest row first.
        case descending
    }

    /// Where scalers of a profile's columns come from.
    public enum ScalerSource: String, CaseIterable, Hashable, Sendable {
        /// They are read once and kept.
        case kept
        /// They are read with each profile, because the meter changes them.
        case live
    }

    /// When the client's system title stands in the AARQ.
    public enum CallingSystemTitle: String, CaseIterable, Hashable, Sendable {
        /// When the association is protected or authenticated by HLS.
        case whenNeeded = "when-needed"
        /// Always, the public client included.
        case always
    }

    /// What the release request of a protected association carries.
    public enum ReleaseContent: String, CaseIterable, Hashable, Sendable {
        /// The protected InitiateRequest, as the standard wants.
        case initiate
        /// Nothing.
        case empty
    }

    /// What the blocks of a long answer to a method carry.
    public enum ActionBlockContent: String, CaseIterable, Hashable, Sendable {
        /// Found out from the first octets.
        case automatic = "auto"
        /// Result and return value.
        case complete
        /// The return value alone.
        case data
    }

    /// The AlgorithmID that goes into the derivation of agreed keys.
    public enum AgreedKeyAlgorithm: String, CaseIterable, Hashable, Sendable {
        /// 60 85 74 05 08 03 0n, which the published keys of the Green Book need.
        case greenBook = "green-book"
        /// 60 85 74 06 08 03 0n, as the text of GBCS prints it.
        case gbcs
    }
}
