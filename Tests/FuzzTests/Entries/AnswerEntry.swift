// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSEngine
import DLMSSecurity

enum AnswerEntry {
    private static let clientTitle: [UInt8] = [0x4D, 0x4D, 0x4D, 0, 0, 0, 0, 2]
    private static let serverTitle: [UInt8] = [0x4D, 0x4D, 0x4D, 0, 0, 0, 0, 1]
    private static let key = Secret(Array(0..<16))
    private static let protection = try? MessageProtection(
        suite: .suite0,
        encryptionKey: key,
        authenticationKey: key
    )
    private static let attributes = (2...4).map { index in
        AttributeRequest(
            AttributeDescriptor(classID: 3, instanceID: OBISCode(1, 0, 1, 8, 0, 255), attributeID: Int8(index))
        )
    }
    private static let method = MethodDescriptor(classID: 9, instanceID: OBISCode(0, 0, 10, 0, 0, 255), methodID: 1)
    private static let long = DLMSData.octetString(Array(repeating: 7, count: 200))
    private static let requests: [ServiceRequest] = [
        .get([attributes[0]]), .get(attributes), .set([AttributeWrite(attributes[0], value: long)]),
        .set(attributes.map { AttributeWrite($0, value: .unsigned(1)) }), .action(method, long),
        .actions([MethodInvocation(method, parameter: long), MethodInvocation(method, parameter: nil)]),
        .access(attributes.map { .get($0) }, breaksOnError: false),
    ]

    /// Whatever a meter answers, also within protection that fits, the client says only frames and waits for an end.
    ///
    /// The bits of the first octet choose what is asked, and whether it is asked in protection, by short names, after
    /// a proof, and is cancelled. The others are answers, each behind its length.
    static func fault(of input: [UInt8]) -> String? {
        guard let choice = input.first else { return nil }
        let isProtected = choice & 0x08 != 0
        let usesShortNames = choice & 0x10 != 0
        let proves = choice & 0x20 != 0
        var client = machine(isProtected: isProtected, usesShortNames: usesShortNames, proves: proves)
        let now = ContinuousClock.now
        var due: ContinuousClock.Instant?
        var counter: UInt32 = 1
        let randomness = AssociationRandomness(
            challenge: Array(repeating: 1, count: 16),
            dedicatedKey: key,
            contentKey: key
        )
        _ = client.countersReserved(1..<100_000, now: now)
        if let fault = fault(of: client.connected(now: now, randomness: randomness), &due) { return fault }
        let acceptance = acceptance(&counter, isProtected, usesShortNames, proves)
        if let fault = fault(of: client.received(frame(acceptance), now: now), &due) { return fault }
        var request = Int(choice & 0x07)
        var rest = input.dropFirst()
        while let length = rest.popFirst() {
            if client.isReady {
                let actions = client.perform(requests[request % requests.count], streams: choice & 0x80 != 0, now: now)
                if let fault = fault(of: actions, &due) { return fault }
                if choice & 0x40 != 0, let fault = fault(of: client.cancel(now: now), &due) { return fault }
                request += 1
            }
            let answer = Array(rest.prefix(Int(length)))
            rest = rest.dropFirst(Int(length))
            let octets = isProtected ? protected(answer, answer.first ?? 0xC4, &counter) : answer
            if let fault = fault(of: client.received(frame(octets), now: now), &due) { return fault }
        }
        // Silence ends everything.
        var steps = 0
        while let instant = due {
            steps += 1
            guard steps < 1000 else { return "the client waits for ever" }
            due = nil
            if let fault = fault(of: client.deadlineReached(now: instant), &due) { return fault }
        }
        return nil
    }

    private static func machine(isProtected: Bool, usesShortNames: Bool, proves: Bool) -> ClientMachine {
        var settings = AssociationSettings(link: .wrapper(clientPort: 1, serverPort: 1), maxReceivePDUSize: 0xFFFF)
        settings.referencing = usesShortNames ? .shortName : .logicalName
        settings.proposedConformance = AssociationSettings.fullConformance
        settings.writeLists = .whereAgreed
        settings.maxSendPDUSize = 80
        settings.maximumResponseLength = 4096
        if proves { settings.authentication = .high(.sha256(key)) }
        if proves || isProtected {
            settings.security = SecuritySettings(
                suite: .suite0,
                isAuthenticated: isProtected,
                isEncrypted: isProtected,
                ciphering: .global,
                clientSystemTitle: clientTitle,
                blockCipherKey: key,
                authenticationKey: key,
                masterKey: nil
            )
        }
        return ClientMachine(settings: settings)
    }

    /// An AARE that agrees to everything.
    private static func acceptance(
        _ counter: inout UInt32,
        _ isProtected: Bool,
        _ usesShortNames: Bool,
        _ proves: Bool
    ) -> [UInt8] {
        let initiate: [UInt8] =
            [8, 0, 6, 0x5F, 0x1F, 4, 0, 0xFF, 0xFF, 0xFF, 4, 0] + (usesShortNames ? [0xFA, 0] : [0, 7])
        let context: ApplicationContext =
            switch (usesShortNames, isProtected) {
            case (false, false): .logicalName
            case (false, true): .logicalNameCiphered
            case (true, false): .shortName
            case (true, true): .shortNameCiphered
            }
        var response = AARE(
            applicationContext: context,
            result: .accepted,
            diagnostic: proves ? .authenticationRequired : .null,
            userInformation: isProtected ? protected(initiate, 8, &counter) : initiate
        )
        response.respondingAPTitle = serverTitle
        if proves {
            response.mechanism = .highSHA256
            response.respondingAuthenticationValue = AuthenticationValue(Array(repeating: 2, count: 16))
        }
        return response.octets
    }

    private static func protected(_ apdu: [UInt8], _ tag: UInt8, _ counter: inout UInt32) -> [UInt8] {
        counter += 1
        let content = try? protection?.protect(
            apdu,
            control: SecurityControl(rawValue: 0x30),
            systemTitle: serverTitle,
            invocationCounter: counter
        )
        let ciphered =
            CipheredAPDU(plainTag: tag, key: .global, content: content ?? [])
            ?? CipheredAPDU(plainTag: 0xC4, key: .global, content: content ?? [])
        return ciphered?.octets ?? []
    }

    private static func frame(_ apdu: [UInt8]) -> [UInt8] {
        WrapperFrame(sourcePort: 1, destinationPort: 1, payload: apdu)?.octets ?? []
    }

    private static func fault(of actions: [ClientAction], _ due: inout ContinuousClock.Instant?) -> String? {
        for action in actions {
            switch action {
            case .send(let octets):
                var reader = OctetReader(octets)
                guard (try? WrapperFrame(decoding: &reader)) != nil else { return "something else than frames is sent" }
            case .deadline(let instant): due = instant
            default: break
            }
        }
        return nil
    }
}
