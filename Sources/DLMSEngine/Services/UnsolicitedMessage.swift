// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSCodec

/// What a server sends without having been asked, after its protection was taken off.
public enum UnsolicitedMessage: Hashable, Sendable {
    /// The value of an attribute, by logical name (EVENT-NOTIFICATION).
    case eventNotification(EventNotification)
    /// Data pushed by a push set-up (DATA-NOTIFICATION).
    case dataNotification(DataNotification)
    /// Values of variables, by short name (InformationReport), with what each name stands for; nil where that is not
    /// known, because the client has not read the names or the server has others.
    case informationReport(InformationReport, targets: [ShortNameDirectory.Target?])
    /// A notification whose content cannot be decoded, or an answer that nobody waits for.
    case other([UInt8])

    /// Reads an APDU that is no answer to a request.
    ///
    /// - Parameters:
    ///   - apdu: the APDU, in clear.
    ///   - names: the short names of the server's objects, if they are known.
    ///   - methods: where methods begin.
    public init(_ apdu: [UInt8], names: ShortNameDirectory? = nil, methods: ShortNameMethods = .standard) {
        guard apdu.first == 0x18, let report = try? InformationReport(octets: apdu) else {
            self = Self.notification(apdu) ?? .other(apdu)
            return
        }
        let targets = report.variables.map { variable -> ShortNameDirectory.Target? in
            switch variable {
            case .variableName(let name), .parameterizedAccess(let name, _, _):
                names?.target(of: name, methods: methods)
            case .blockNumberAccess, .readDataBlockAccess, .writeDataBlockAccess: nil
            }
        }
        self = .informationReport(report, targets: targets)
    }

    /// The APDU.
    public var octets: [UInt8] {
        switch self {
        case .eventNotification(let notification): notification.octets
        case .dataNotification(let notification): notification.octets
        case .informationReport(let report, _): report.octets
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
        default: nil
        }
    }
}
