// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Why a server accepts or rejects an association (IEC 62056-5-3, Associate-source-diagnostic).
public enum AssociationDiagnostic: Hashable, Sendable {
    /// Said by the application.
    case serviceUser(UInt8)
    /// Said by the protocol below it.
    case serviceProvider(UInt8)

    /// The number on the wire.
    public var rawValue: UInt8 {
        switch self {
        case .serviceUser(let number), .serviceProvider(let number): number
        }
    }

    /// Who says so: `acse-service-user` or `acse-service-provider`.
    public var sourceName: String {
        switch self {
        case .serviceUser: "acse-service-user"
        case .serviceProvider: "acse-service-provider"
        }
    }

    /// The standard's name, or `unknown-` and the number.
    public var name: String {
        let names =
            switch self {
            case .serviceUser: Self.userNames
            case .serviceProvider: Self.providerNames
            }
        return names.indices.contains(Int(rawValue)) ? names[Int(rawValue)] : "unknown-\(rawValue)"
    }

    /// Nothing to say.
    public static let null = Self.serviceUser(0)
    /// No reason given.
    public static let noReasonGiven = Self.serviceUser(1)
    /// The application context is not supported.
    public static let applicationContextNameNotSupported = Self.serviceUser(2)
    /// The client's system title is missing or not known.
    public static let callingAPTitleNotRecognised = Self.serviceUser(3)
    /// The mechanism is not known.
    public static let authenticationMechanismNameNotRecognised = Self.serviceUser(11)
    /// A mechanism is required.
    public static let authenticationMechanismNameRequired = Self.serviceUser(12)
    /// The password or challenge was wrong.
    public static let authenticationFailure = Self.serviceUser(13)
    /// The challenge is still to be answered (high-level security), or a password is required.
    public static let authenticationRequired = Self.serviceUser(14)

    private static let userNames = [
        "null", "no-reason-given", "application-context-name-not-supported", "calling-AP-title-not-recognized",
        "calling-AP-invocation-identifier-not-recognized", "calling-AE-qualifier-not-recognized",
        "calling-AE-invocation-identifier-not-recognized", "called-AP-title-not-recognized",
        "called-AP-invocation-identifier-not-recognized", "called-AE-qualifier-not-recognized",
        "called-AE-invocation-identifier-not-recognized", "authentication-mechanism-name-not-recognised",
        "authentication-mechanism-name-required", "authentication-failure", "authentication-required",
    ]

    private static let providerNames = ["null", "no-reason-given", "no-common-acse-version"]
}
