// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSSecurity
import Testing

@testable import ProtocolDecoder

@Suite("Conversations are explained without their secrets")
struct ConversationTests {
    private static let password = Array("s3cr3t-p".utf8)
    private static let invoke = InvokeIDAndPriority(rawValue: 0xC1)

    private static var aarq: APDU {
        let request = InitiateRequest(
            dedicatedKey: [UInt8](repeating: 0xDA, count: 16),
            proposedConformance: Conformance([.get, .set]),
            clientMaxReceivePDUSize: 1024
        )
        return .aarq(
            AARQ(
                applicationContext: .logicalName,
                mechanism: .low,
                callingAuthenticationValue: AuthenticationValue(password),
                userInformation: APDU.initiateRequest(request).octets
            )
        )
    }

    private func wrapped(_ apdu: APDU) -> [UInt8] {
        WrapperFrame(sourcePort: 32, destinationPort: 1, payload: apdu.octets)?.octets ?? []
    }

    private func texts(_ frames: [ExplainedFrame]) -> String {
        frames.map { frame in
            String(decoding: frame.digits, as: UTF8.self)
                + String(decoding: frame.explanation ?? [], as: UTF8.self)
        }.joined(separator: "\n")
    }

    private func expectNo(_ secret: [UInt8], in frames: [ExplainedFrame]) {
        let text = texts(frames)
        #expect(!text.contains(Hexadecimal.text(of: secret)))
        #expect(!text.contains(String(decoding: secret, as: UTF8.self)))
    }

    @Test("A password and a dedicated key are masked wherever the octets are split", arguments: [1, 3, 7, 1000])
    func association(_ size: Int) throws {
        var decoder = ConversationDecoder()
        let octets = wrapped(Self.aarq)
        var frames: [ExplainedFrame] = []
        for start in stride(from: 0, to: octets.count, by: size) {
            frames += decoder.push(Array(octets[start..<min(start + size, octets.count)]), from: .client)
        }
        try #require(frames.count == 1)
        #expect(frames[0].isMasked)
        #expect(frames[0].digits.count == 2 * octets.count)
        #expect(frames[0].digits.count { $0 == UInt8(ascii: "*") } == 2 * (8 + 16))
        expectNo(Self.password, in: frames)
        expectNo([UInt8](repeating: 0xDA, count: 16), in: frames)
        #expect(texts(frames).contains(#""apdu":"aarq""#))
        #expect(decoder.flush().isEmpty)
    }

    @Test("Challenges of high-level security are shown")
    func challenge() throws {
        var decoder = ConversationDecoder()
        let request = AARQ(
            applicationContext: .logicalName,
            mechanism: .highGMAC,
            callingAuthenticationValue: AuthenticationValue(Self.password),
            userInformation: nil
        )
        let frames = decoder.push(wrapped(.aarq(request)), from: .client)
        #expect(frames.map(\.isMasked) == [false])
        #expect(texts(frames).contains(Hexadecimal.text(of: Self.password)))
    }

    @Test("Segments of an association request do not show the password", arguments: [16, 40, 128])
    func segments(_ size: Int) throws {
        var decoder = ConversationDecoder()
        let server = try #require(HDLCAddress(width: .two, upper: 1, lower: 17))
        let client = try #require(HDLCAddress(upper: 32))
        let message = HDLCInformationReassembler.Message(header: .command, apdu: Self.aarq.octets)
        let parts = message.segments(longest: size)
        var frames: [ExplainedFrame] = []
        for (index, part) in parts.enumerated() {
            let frame = try #require(
                HDLCFrame(
                    destination: server,
                    source: client,
                    control: HDLCControl(octet: UInt8(0x10 | (index & 7) << 1)),
                    information: part,
                    isSegmented: index + 1 < parts.count
                )
            )
            frames += decoder.push([HDLCFrame.flag] + frame.content + [HDLCFrame.flag], from: .client)
        }
        #expect(frames.count == parts.count)
        for start in 0...(Self.password.count - 4) {
            expectNo(Array(Self.password[start..<start + 4]), in: frames)
        }
        #expect(texts(Array(frames.suffix(1))).contains(#""apdu":"aarq""#))
        #expect(frames.allSatisfy { $0.explanation != nil })
    }

    @Test("Writes and answers that hold secrets are masked, others are not")
    func attributes() throws {
        var decoder = ConversationDecoder()
        let association = OBISCode(0, 0, 40, 0, 0, 255)
        let secret = AttributeRequest(AttributeDescriptor(classID: 15, instanceID: association, attributeID: 7))
        let other = AttributeRequest(AttributeDescriptor(classID: 1, instanceID: association, attributeID: 2))
        let value = DLMSData.octetString(Self.password)
        let transfer = MethodDescriptor(classID: 64, instanceID: OBISCode(0, 0, 43, 0, 0, 255), methodID: 2)
        let keys = DLMSData.array([.structure([.enumeration(0), value])])
        var block = OctetBlock(isLast: false, number: 1, rawData: value.octets)
        var frames = decoder.push(wrapped(.setRequest(.normal(Self.invoke, secret, value))), from: .client)
        frames += decoder.push(
            wrapped(.setRequest(.withList(Self.invoke, [other, secret], [.unsigned(1), value]))),
            from: .client
        )
        frames += decoder.push(wrapped(.setRequest(.withFirstDataBlock(Self.invoke, secret, block))), from: .client)
        block.number = 2
        frames += decoder.push(wrapped(.setRequest(.withDataBlock(Self.invoke, block))), from: .client)
        frames += decoder.push(wrapped(.actionRequest(.normal(Self.invoke, transfer, keys))), from: .client)
        frames += decoder.push(wrapped(.getRequest(.normal(Self.invoke, secret))), from: .client)
        let shown = frames.count - 1
        frames += decoder.push(wrapped(.getResponse(.normal(Self.invoke, .data(value)))), from: .server)
        #expect(frames.indices.filter { !frames[$0].isMasked } == [shown])
        expectNo(Self.password, in: frames)
        _ = decoder.push(wrapped(.getRequest(.normal(Self.invoke, other))), from: .client)
        frames = decoder.push(wrapped(.getResponse(.normal(Self.invoke, .data(value)))), from: .server)
        #expect(frames.map(\.isMasked) == [false])
    }

    @Test("Configured secrets are masked wherever they stand")
    func configured() {
        var decoder = ConversationDecoder(keys: ConversationKeys(secrets: [Secret(Self.password)]))
        let value = DLMSData.octetString([1, 2] + Self.password)
        var frames = decoder.push(wrapped(.getResponse(.normal(Self.invoke, .data(value)))), from: .server)
        frames.append(decoder.masked([9] + Self.password, from: .server))
        expectNo(Self.password, in: frames)
        #expect(texts(frames).contains("0102****************"))
    }

    @Test("What a client sends and nobody understands is masked as a whole, noise of the meter is shown")
    func unknown() {
        var decoder = ConversationDecoder()
        var frames = decoder.push([0xFF] + Self.password, from: .client)
        frames += decoder.push(Array(wrapped(Self.aarq).dropLast()), from: .client)
        frames += decoder.flush()
        expectNo(Self.password, in: frames)
        #expect(frames.allSatisfy { $0.isMasked })
        #expect(decoder.push([0xFF, 0xFE], from: .server).map(\.digits) == [Array("FFFE".utf8)])
    }

    @Test("Passwords of the text protocol are masked, with their check character, with and without parity")
    func text() throws {
        for parity in [TextParity.stripped, .even] {
            var decoder = ConversationDecoder()
            let command = try #require(
                CommandMessage(UInt8(ascii: "P"), UInt8(ascii: "1"), data: Array("(s3cr3t-p)".utf8))
            )
            let octets = parity.octets(of: TextMessage.command(command).octets)
            let frames = decoder.push(octets, from: .client)
            try #require(frames.count == 1)
            expectNo(Self.password, in: frames)
            expectNo(parity.octets(of: Self.password), in: frames)
            #expect(texts(frames).contains("(********)") || texts(frames).contains("********"))
            #expect(frames[0].digits.suffix(2).allSatisfy { $0 == UInt8(ascii: "*") })
        }
    }

    @Test("A line that changes from the text protocol to HDLC is followed")
    func modeE() throws {
        var decoder = ConversationDecoder()
        let request = decoder.push(Array("/?!\r\n".utf8), from: .client)
        #expect(texts(request).contains(#""message":"request""#))
        let identification = decoder.push(Array("/XXX5\\2meter\r\n".utf8), from: .server)
        #expect(texts(identification).contains(#""mode":"E""#))
        _ = decoder.push([0x06] + Array("252\r\n".utf8), from: .client)
        let server = try #require(HDLCAddress(upper: 1))
        let client = try #require(HDLCAddress(upper: 16))
        let frame = try #require(
            HDLCFrame(destination: server, source: client, control: HDLCControl(octet: 0x93))
        )
        let frames = decoder.push([HDLCFrame.flag] + frame.content + [HDLCFrame.flag], from: .client)
        #expect(texts(frames).contains(#""frame":"hdlc""#))
    }

    @Test("Ciphered messages are deciphered with global keys, then with the dedicated key that was sent ciphered")
    func ciphered() throws {
        let (key, dedicated) = ([UInt8](0..<16), [UInt8](repeating: 0xDA, count: 16))
        let authentication = [UInt8](0xD0..<0xE0)
        let (client, server): ([UInt8], [UInt8]) = (Array("CLI12345".utf8), Array("MTR12345".utf8))
        let keys = ConversationKeys(
            blockCipherKey: Secret(key),
            authenticationKey: Secret(authentication),
            serverSystemTitle: server,
            secrets: [Secret(key), Secret(authentication)]
        )
        func protected(_ apdu: APDU, _ key: [UInt8], _ kind: CipheredAPDU.Key, _ title: [UInt8]) throws -> APDU {
            let protection = try MessageProtection(
                suite: .suite0,
                encryptionKey: Secret(key),
                authenticationKey: Secret(authentication)
            )
            let content = try protection.protect(
                apdu.octets,
                control: SecurityControl(rawValue: 0x30),
                systemTitle: title,
                invocationCounter: 7
            )
            return .ciphered(try #require(CipheredAPDU(plainTag: apdu.octets[0], key: kind, content: content)))
        }
        let initiate = InitiateRequest(
            dedicatedKey: dedicated,
            proposedConformance: Conformance([.get]),
            clientMaxReceivePDUSize: 1024
        )
        let aarq = AARQ(
            applicationContext: .logicalNameCiphered,
            callingAPTitle: client,
            userInformation: try protected(.initiateRequest(initiate), key, .global, client).octets
        )
        var decoder = ConversationDecoder(keys: keys)
        var frames = decoder.push(wrapped(.aarq(aarq)), from: .client)
        #expect(texts(frames).contains(#""apdu":"initiate-request""#))
        #expect(texts(frames).contains(#""verified":true"#))
        let attribute = AttributeRequest(
            AttributeDescriptor(classID: 8, instanceID: OBISCode(0, 0, 1, 0, 0, 255), attributeID: 2)
        )
        let get = APDU.getRequest(.normal(Self.invoke, attribute))
        frames += decoder.push(wrapped(try protected(get, dedicated, .dedicated, client)), from: .client)
        #expect(texts(Array(frames.suffix(1))).contains(#""apdu":"get-request-normal""#))
        let answer = APDU.getResponse(.normal(Self.invoke, .data(.unsigned(5))))
        frames += decoder.push(wrapped(try protected(answer, dedicated, .dedicated, server)), from: .server)
        #expect(texts(Array(frames.suffix(1))).contains(#""apdu":"get-response-normal""#))
        expectNo(dedicated, in: frames)
        expectNo(key, in: frames)
        var blind = ConversationDecoder()
        let closed = blind.push(wrapped(try protected(get, dedicated, .dedicated, client)), from: .client)
        #expect(texts(closed).contains("plaintext_problem"))
        #expect(closed.map(\.isMasked) == [false])
    }
}
