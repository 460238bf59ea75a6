// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSSecurity
import Fleet
import JSONText

/// Key pairs and certificates of a meter's security setup (Blue Book, class 64 version 1, methods 4 to 8).
struct CertificateProcedure: Sendable {
    let access: ProcedureAccess
    /// The security setup.
    let setup: MeterObject

    private var meter: MeterID { access.memory.id }

    /// Finds the security setup.
    ///
    /// - Throws: ``GatewayError/notSupported(what:)`` for one of version 0, which has no certificates.
    init(_ access: ProcedureAccess, setup name: OBISCode?) async throws(GatewayError) {
        self.access = access
        setup = try await access.object(of: 64, named: name, usually: SecretChange.securitySetup)
        guard setup.version != 0 else {
            throw .notSupported(what: "certificates with a security setup of version 0")
        }
    }

    /// The certificates that the meter lists (attribute 6).
    func list() async throws(GatewayError) -> [ListedCertificate] {
        let data = try await access.read(6, of: setup)
        guard case .array(let items) = data else {
            throw .protocolError(meter, reason: "its list of certificates is no array")
        }
        var listed: [ListedCertificate] = []
        for item in items {
            guard let info = CertificateInfo(item) else {
                throw .protocolError(meter, reason: "an entry of its list of certificates has another shape")
            }
            listed.append(ListedCertificate(id: try Self.id(of: info), info: info))
        }
        return listed
    }

    /// The listed certificate of that id.
    func listed(_ id: String) async throws(GatewayError) -> ListedCertificate {
        guard let found = try await list().first(where: { $0.id == id }) else {
            throw .notFound(what: "certificate \(id) at meter \(meter)")
        }
        return found
    }

    /// Makes a key pair in place of the one before (method 4).
    func generateKeyPair(_ type: CertificateType) async throws(GatewayError) {
        try await access.invoke(4, of: setup, .enumeration(type.rawValue))
    }

    /// Has the meter request a certificate for its key pair (method 5), and checks its signature.
    func request(_ type: CertificateType) async throws(GatewayError) -> CertificateRequest {
        guard case .octetString(let der)? = try await access.invoke(5, of: setup, .enumeration(type.rawValue)) else {
            throw .protocolError(meter, reason: "its certificate request is no octet string")
        }
        do throws(CertificateError) {
            return try CertificateRequest(der: der)
        } catch {
            throw .protocolError(meter, reason: "its certificate request is wrong: \(error)")
        }
    }

    /// Imports a certificate (method 6) and compares it with what the meter then gives out.
    ///
    /// - Throws: ``GatewayError/valueOutOfRange(pointer:allowed:)`` for a certificate of the meter with another key than
    ///   the meter has, ``GatewayError/verificationFailed(_:)`` when the meter gives out another.
    func importCertificate(_ certificate: Certificate) async throws(GatewayError) -> CertificateImport {
        let keyIsChecked = try await checkOwnKey(of: certificate)
        try await access.invoke(6, of: setup, .octetString(certificate.der))
        for entry in try await list() where entry.mayBe(certificate) {
            guard try await export(entry) == certificate.der else { continue }
            return CertificateImport(entry: entry, certificate: certificate, isKeyChecked: keyIsChecked)
        }
        throw .verificationFailed(access.target(setup, .attribute(6)))
    }

    /// Gives a certificate out (method 7).
    func export(_ entry: ListedCertificate) async throws(GatewayError) -> [UInt8] {
        guard case .octetString(let der)? = try await access.invoke(7, of: setup, entry.identification.data) else {
            throw .protocolError(meter, reason: "its certificate is no octet string")
        }
        return der
    }

    /// Removes a certificate (method 8) and looks whether it is gone.
    func remove(_ entry: ListedCertificate) async throws(GatewayError) {
        try await access.invoke(8, of: setup, entry.identification.data)
        guard try await !list().contains(where: { $0.id == entry.id }) else {
            throw .verificationFailed(access.target(setup, .attribute(6)))
        }
    }

    /// Compares the key of the meter's own certificate with that of its request; false when the meter gives none.
    private func checkOwnKey(of certificate: Certificate) async throws(GatewayError) -> Bool {
        guard case .octetString(let title) = try await access.read(5, of: setup), certificate.systemTitle == title
        else {
            return false
        }
        let type: CertificateType =
            certificate.usage?.contains(.keyAgreement) == true ? .keyAgreement : .digitalSignature
        do throws(GatewayError) {
            guard try await request(type).publicKey == certificate.publicKey else {
                throw .valueOutOfRange(pointer: .root, allowed: "a certificate for the key pair that the meter has")
            }
            return true
        } catch {
            // A meter may give a request once only.
            if error.dlms != nil { return false }
            throw error
        }
    }

    /// Names a certificate by serial number and issuer, in the form that the meter has: 16 hexadecimal digits.
    private static func id(of info: CertificateInfo) throws(GatewayError) -> String {
        do throws(SealingError) {
            let digest = try SHA256Digest.of(
                info.issuer + [UInt8(truncatingIfNeeded: info.serialNumber.count)] + info.serialNumber
            )
            return Hexadecimal.text(of: Array(digest.prefix(8))).lowercased()
        } catch {
            throw .internal(reason: "\(error)")
        }
    }
}

extension ListedCertificate {
    /// How the meter is told which one is meant: as it lists it itself.
    fileprivate var identification: CertificateIdentification {
        .serial(serialNumber: info.serialNumber, issuer: info.issuer)
    }

    /// Whether the entry may be of that certificate; meters list the number as octets or as a DER INTEGER.
    fileprivate func mayBe(_ certificate: Certificate) -> Bool {
        info.serialNumber.reversed().starts(with: certificate.serialNumber.reversed())
    }
}
