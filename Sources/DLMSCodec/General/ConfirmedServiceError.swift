// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// A confirmed service failed as a whole (IEC 62056-5-3, ConfirmedServiceError, tag 0E).
///
/// | octets | field |
/// |---|---|
/// | 1 | the service |
/// | 1 | the class of the error |
/// | 1 | the error within its class |
public struct ConfirmedServiceError: Hashable, Sendable {
    /// The number of the service: 1 initiate, 5 read, 6 write.
    public var service: UInt8
    /// The number of the class.
    public var errorClass: UInt8
    /// The number of the error within its class.
    public var error: UInt8

    /// Makes an error of its numbers.
    public init(service: UInt8, errorClass: UInt8, error: UInt8) {
        self.service = service
        self.errorClass = errorClass
        self.error = error
    }

    /// The standard's name of the service, or `unknown-` and the number.
    public var serviceName: String {
        Self.name(service, in: Self.services)
    }

    /// The standard's name of the class, or `unknown-` and the number.
    public var errorClassName: String {
        Self.name(errorClass, in: Self.classes.map(\.name))
    }

    /// The standard's name of the error, or `unknown-` and the number.
    public var errorName: String {
        guard Self.classes.indices.contains(Int(errorClass)) else { return "unknown-\(error)" }
        return Self.name(error, in: Self.classes[Int(errorClass)].errors)
    }

    private static func name(_ number: UInt8, in names: [String]) -> String {
        guard names.indices.contains(Int(number)), !names[Int(number)].isEmpty else { return "unknown-\(number)" }
        return names[Int(number)]
    }

    private static let services = [
        "", "initiateError", "getStatus", "getNameList", "getVariableAttribute", "read", "write",
        "getDataSetAttribute", "getTIAttribute", "changeScope", "start", "stop", "resume", "makeUsable",
        "initiateLoad", "loadSegment", "terminateLoad", "initiateUpLoad", "upLoadSegment", "terminateUpLoad",
    ]

    private static let classes: [(name: String, errors: [String])] = [
        (
            "application-reference",
            [
                "other", "time-elapsed", "application-unreachable", "application-reference-invalid",
                "application-context-unsupported", "provider-communication-error", "deciphering-error",
            ]
        ),
        (
            "hardware-resource",
            [
                "other", "memory-unavailable", "processor-resource-unavailable", "mass-storage-unavailable",
                "other-resource-unavailable",
            ]
        ),
        (
            "vde-state-error",
            ["other", "no-dlms-context", "loading-data-set", "status-nochange", "status-inoperable"]
        ),
        ("service", ["other", "pdu-size", "service-unsupported"]),
        (
            "definition",
            ["other", "object-undefined", "object-class-inconsistent", "object-attribute-inconsistent"]
        ),
        (
            "access",
            [
                "other", "scope-of-access-violated", "object-access-violated", "hardware-fault",
                "object-unavailable",
            ]
        ),
        (
            "initiate",
            [
                "other", "dlms-version-too-low", "incompatible-conformance", "pdu-size-too-short",
                "refused-by-the-VDE-handler",
            ]
        ),
        (
            "load-data-set",
            [
                "other", "primitive-out-of-sequence", "not-loadable", "dataset-size-too-large",
                "not-awaited-segment", "interpretation-failure", "storage-failure", "data-set-not-ready",
            ]
        ),
        ("change-scope", ["other"]),
        ("task", ["other", "no-remote-control", "ti-stopped", "ti-running", "ti-unusable"]),
        ("other", ["other"]),
    ]
}

extension ConfirmedServiceError: OctetCodable {
    /// Reads the APDU with its tag.
    ///
    /// - Throws: `DecodeError`.
    public init(decoding reader: inout OctetReader) throws(DecodeError) {
        try reader.expectTag(APDUTag.confirmedServiceError, "confirmed-service-error")
        service = try reader.readUInt8("service")
        errorClass = try reader.readUInt8("error class")
        error = try reader.readUInt8("error")
    }

    /// Writes the APDU with its tag.
    public func encode(into writer: inout OctetWriter) {
        writer.write(contentsOf: [APDUTag.confirmedServiceError, service, errorClass, error])
    }
}
