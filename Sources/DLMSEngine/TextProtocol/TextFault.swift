// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSCodec

/// Why talking the text protocol of IEC 62056-21 with a meter failed.
///
/// That nothing came at all is ``EngineError/timeout(waitingFor:)`` with ``Awaited/identification``: the address, the
/// optical head, or the format of the line.
public enum TextFault: Hashable, Sendable {
    /// Characters came, but no identification among them: the format of the line, noise, or something else that sends.
    case identificationUnreadable
    /// After the change to this speed nothing came that can be read: an optical head or a converter that does not follow.
    case speedChangeLost(baud: Int)
    /// The same message came damaged so many times: the line.
    case damaged(waitingFor: Awaited, times: Int)
    /// The meter did not take the password; with its own word for why if it said one: configuration.
    case passwordRefused(code: String?)
    /// The meter wants an encrypted password (P2) that nobody here can make: configuration.
    case passwordNotMade
    /// The meter has no programming mode, or cannot be told to use it: the caller.
    case noProgrammingMode
    /// The meter does not offer HDLC in its identification: configuration.
    case noHDLC
    /// The meter ended the session: it, because it waited too long or did not like the password.
    case brokenOff(waitingFor: Awaited)
    /// The meter sent a message that has no place here.
    case unexpectedMessage(waitingFor: Awaited)
    /// The meter's data have no form that the standard knows.
    case malformed(DecodeError, waitingFor: Awaited)
    /// The meter sends by itself and cannot be asked: the caller.
    case onlyListening
}
