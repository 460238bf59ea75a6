// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSCodec
public import DLMSSecurity
public import Fleet
import JSONText

extension Gateway {
    /// The certificates that a meter has.
    ///
    /// - Parameter setup: the security setup; nil takes the usual one or the first.
    public func certificates(
        of meter: String,
        setup: OBISCode?,
        _ wishes: Wishes
    ) async throws(GatewayError) -> CertificateListing {
        let procedure = try await certificateProcedure(meter, setup, wishes)
        return CertificateListing(
            setup: procedure.setup,
            items: try await procedure.list(),
            association: procedure.access.association
        )
    }

    /// Has a meter make a key pair.
    public func generateKeyPair(
        _ type: CertificateType,
        of meter: String,
        setup: OBISCode?,
        _ wishes: Wishes
    ) async throws(GatewayError) {
        try await certificateProcedure(meter, setup, wishes).generateKeyPair(type)
    }

    /// Has a meter request a certificate for its key pair; the signature of the request is checked.
    public func certificateRequest(
        _ type: CertificateType,
        of meter: String,
        setup: OBISCode?,
        _ wishes: Wishes
    ) async throws(GatewayError) -> CertificateRequest {
        try await certificateProcedure(meter, setup, wishes).request(type)
    }

    /// Imports a certificate into a meter and compares it with what the meter then gives out.
    ///
    /// - Throws: ``Fleet/GatewayError/valueOutOfRange(pointer:allowed:)`` for octets that are no certificate on a curve of
    ///   a security suite, ``Fleet/GatewayError/verificationFailed(_:)``.
    public func importCertificate(
        _ der: [UInt8],
        into meter: String,
        setup: OBISCode?,
        _ wishes: Wishes
    ) async throws(GatewayError) -> CertificateImport {
        let certificate: Certificate
        do throws(CertificateError) {
            certificate = try Certificate(der: der)
        } catch {
            throw .valueOutOfRange(pointer: .root, allowed: "an X.509 certificate with a key on P-256 or P-384")
        }
        return try await certificateProcedure(meter, setup, wishes).importCertificate(certificate)
    }

    /// A certificate as the meter gives it out.
    public func certificate(
        _ id: String,
        of meter: String,
        setup: OBISCode?,
        _ wishes: Wishes
    ) async throws(GatewayError) -> ExportedCertificate {
        let procedure = try await certificateProcedure(meter, setup, wishes)
        let entry = try await procedure.listed(id)
        let der = try await procedure.export(entry)
        return ExportedCertificate(entry: entry, der: der, certificate: try? Certificate(der: der))
    }

    /// Removes a certificate from a meter.
    public func removeCertificate(
        _ id: String,
        of meter: String,
        setup: OBISCode?,
        _ wishes: Wishes
    ) async throws(GatewayError) {
        let procedure = try await certificateProcedure(meter, setup, wishes)
        try await procedure.remove(try await procedure.listed(id))
    }

    private func certificateProcedure(
        _ meter: String,
        _ setup: OBISCode?,
        _ wishes: Wishes
    ) async throws(GatewayError) -> CertificateProcedure {
        let memory = try await directory.memory(of: meter)
        let association = try association(wishes.association, for: .managing, memory)
        return try await CertificateProcedure(procedureAccess(memory, association, wishes), setup: setup)
    }
}
