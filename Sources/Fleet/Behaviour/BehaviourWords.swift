// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

extension MeterBehaviour {
    /// Where scalers of a profile's columns come from.
    public enum ScalerSource: String, CaseIterable, Hashable, Sendable {
        /// They are read once and kept.
        case kept
        /// They are read with each profile, because the meter changes them.
        case live
    }

    /// The characters of a line on which a meter speaks text.
    public enum TextCharacters: String, CaseIterable, Hashable, Sendable {
        /// 7 data bits and even parity, as the standard says.
        case sevenEven = "7e1"
        /// 8 data bits without parity; the parity of the text goes in bit 7.
        case eightNone = "8n1"
    }

    /// What becomes of the higher speed that a text meter offers.
    public enum TextSpeedChange: String, CaseIterable, Hashable, Sendable {
        /// It is taken.
        case offered
        /// The meter is told to stay at its first speed.
        case none
        /// It is agreed to, and the line is left as it is: a converter changes by itself, or the meter never does.
        case unnoticed
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
