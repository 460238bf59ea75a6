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
