// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSCodec

/// What a server sends without having been asked, after its protection was taken off.
public enum UnsolicitedMessage: Hashable, Sendable {
    /// The value of an attribute, by logical name (EVENT-NOTIFICATION).
    case eventNotification(EventNotification)
    /// Data pushed by a push set-up (DATA-NOTIFICATION).
    case dataNotification(DataNotification)
    /// Values of variables, by short name (InformationReport).
    case informationReport(InformationReport)
    /// A notification whose content cannot be decoded, or an answer that nobody waits for.
    case other([UInt8])

    /// Reads an APDU that is no answer to a request.
    public init(_ apdu: [UInt8]) {
        self = Self.notification(apdu) ?? .other(apdu)
    }

    /// The APDU.
    public var octets: [UInt8] {
        switch self {
        case .eventNotification(let notification): notification.octets
        case .dataNotification(let notification): notification.octets
        case .informationReport(let report): report.octets
        case .other(let octets): octets
        }
    }

    /// The confirmation that the sender wants; nil for none.
    var confirmation: DataNotificationConfirm? {
        guard case .dataNotification(let notification) = self, notification.invoke.isConfirmed else { return nil }
        return DataNotificationConfirm(invoke: notification.invoke)
    }

    /// Whether an APDU is a notification, whatever state its content is in.
    static func isNotification(_ apdu: [UInt8]) -> Bool {
        switch apdu.first {
        case 0xC2, 0x0F, 0x18: true
        default: false
        }
    }

    private static func notification(_ apdu: [UInt8]) -> UnsolicitedMessage? {
        switch apdu.first {
        case 0xC2: (try? EventNotification(octets: apdu)).map { .eventNotification($0) }
        case 0x0F: (try? DataNotification(octets: apdu)).map { .dataNotification($0) }
        case 0x18: (try? InformationReport(octets: apdu)).map { .informationReport($0) }
        default: nil
        }
    }
}
