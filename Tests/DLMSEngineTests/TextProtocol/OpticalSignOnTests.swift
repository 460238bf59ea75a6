// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSEngine
import Testing

struct OpticalSignOnTests {
    private func settings(_ change: (inout OpticalSignOn) -> Void = { _ in }) -> AssociationSettings {
        var link = HDLCLinkSettings(client: 16, server: HDLCAddress(client: 1))
        var optical = OpticalSignOn()
        change(&optical)
        link.signOn = optical
        return AssociationSettings(link: .hdlc(link))
    }

    private func pair(
        _ identification: String = "/ABC5\\2meter",
        server: (inout TextServerSettings) -> Void = { _ in },
        optical change: (inout OpticalSignOn) -> Void = { _ in }
    ) -> TextPair {
        var pair = TextPair(
            settings(change),
            .hdlcModeE(HDLCServerSettings(), textServer(identification, server))
        )
        pair.meter.objects.store(.doubleLongUnsigned(7), at: attribute())
        pair.connect()
        return pair
    }

    @Test func goesOnWithHDLCAtTheNewSpeed() {
        var pair = pair()
        #expect(pair.perform(ServiceRequest.get([attribute()])) == .get([.data(DLMSData.doubleLongUnsigned(7).octets)]))
        #expect(
            pair.events.lineFormats
                == [LineFormat(baud: 300, dataBits: 7, parity: .even), LineFormat(baud: 9600)]
        )
        #expect(pair.sent.contains("\u{6}252\r\n"))
    }

    @Test func signsOnAgainAfterTheLink() {
        var pair = pair()
        pair.release()
        pair.client = settings().client()
        pair.passTime(.seconds(2))
        pair.connect()
        #expect(pair.perform(ServiceRequest.get([attribute()])) != nil)
    }

    @Test func signsOnAgainAfterInactivity() {
        var pair = pair()
        pair.passTime(.seconds(200))
        pair.client = settings().client()
        pair.connect()
        #expect(pair.perform(ServiceRequest.get([attribute()])) != nil)
    }

    @Test func readsTheConfirmationWithItsParity() {
        var pair = pair(server: { $0.parity = .even })
        #expect(pair.events.contains(.received(hex("06B235B28D0A"))))
        #expect(pair.perform(ServiceRequest.get([attribute()])) != nil)
    }

    @Test func goesOnWithoutConfirmationUnlessItIsWanted() {
        var lenient = TextPair(settings(), .hdlcModeE(HDLCServerSettings(), textServer("/ABC5\\2meter")))
        lenient.onAnswer = { number, octets in number == 1 ? [] : octets }
        lenient.connect()
        #expect(lenient.client.isReady)
        var strict = TextPair(
            settings { $0.confirmationIsOptional = false },
            .hdlcModeE(HDLCServerSettings(), textServer("/ABC5\\2meter"))
        )
        strict.onAnswer = { number, octets in number == 1 ? [] : octets }
        strict.connect()
        #expect(strict.error == .text(.speedChangeLost(baud: 9600)))
    }

    @Test func saysThatTheMeterOffersNoHDLC() {
        let pair = pair("/ABC5meter")
        #expect(pair.error == .text(.noHDLC))
        #expect(pair.outcomes.last == .close)
    }

    @Test func givesTheLineItsSpeedBackWhenItFailsAfterTheChange() {
        var strict = TextPair(
            settings { $0.confirmationIsOptional = false },
            .hdlcModeE(HDLCServerSettings(), textServer("/ABC5\\2meter"))
        )
        strict.onAnswer = { number, octets in number == 1 ? [] : octets }
        strict.connect()
        #expect(
            strict.events.lineFormats.last == LineFormat(baud: 300, dataBits: 7, parity: .even)
        )
    }

    @Test func dropsTheEchoButNotTheConfirmation() {
        let pair = pair(server: { $0.echoes = true }, optical: { $0.confirmationIsOptional = false })
        #expect(pair.client.isReady)
    }

    @Test func readsTheSameMeterInText() {
        var pair = TextPair(
            textSettings(),
            .hdlcModeE(HDLCServerSettings(), textServer("/ABC5\\2meter"))
        )
        pair.connect()
        #expect(pair.perform(.readout(.standard)) != nil)
    }
}
