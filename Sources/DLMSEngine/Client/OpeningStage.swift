// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// How far a connection has come on the way to an open association.
public enum OpeningStage: String, Hashable, Sendable {
    /// The meter is asked to identify itself and to change to HDLC (IEC 62056-21, mode E).
    case signOn = "sign-on"
    /// The link is being set up.
    case link
    /// The association is asked for.
    case association
    /// Both sides prove who they are.
    case authentication
    /// The association is open.
    case open
}

extension ClientMachine {
    /// How far opening has come; nil before it has begun and after it has failed.
    public var openingStage: OpeningStage? {
        switch state {
        case .idle, .closed, .leaving: nil
        case .linking: link.isSigningOn ? .signOn : link.hasDialogue ? .link : nil
        case .associating: .association
        case .authenticating: .authentication
        case .associated, .exchanging, .abandoned, .releasing: .open
        }
    }
}

extension TextClientMachine {
    /// How far opening has come: there is nothing to be opened before the first request.
    public var openingStage: OpeningStage? { nil }
}
