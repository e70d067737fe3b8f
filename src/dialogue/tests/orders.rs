//! Orders of theirs: changed, paid, on their way, and such as they write down.

use super::talks::order;
use super::*;

fn paid() -> serde_json::Value {
    let line = serde_json::json!({"product": "Stride Run", "category": "fashion/sneakers", "price": 75, "quantity": 1});
    serde_json::json!({"event": "order", "order": "H-2001", "state": "paid", "lines": [line]})
}

#[test]
fn who_wants_an_order_cancelled_or_changed_gets_a_person() {
    let mut talk = Talk::new("US");
    for (country, words) in [
        ("US", "i want to cancel my order"),
        ("US", "cancel my order please"),
        ("US", "can i change the delivery address"),
        ("US", "i gave the wrong address"),
        ("US", "can i add another one to my order"),
        ("US", "please cancel it before you ship it"),
        ("DE", "ich möchte meine Bestellung stornieren"),
        ("DE", "kann ich die Lieferadresse ändern"),
        ("FR", "je veux annuler ma commande"),
        ("FR", "je peux changer l'adresse de livraison ?"),
        ("ES", "quiero cancelar mi pedido"),
        ("ES", "puedo cambiar la dirección de entrega?"),
        ("IT", "voglio annullare il mio ordine"),
        ("IT", "posso cambiare indirizzo di consegna?"),
        ("BR", "quero cancelar meu pedido"),
        ("BR", "posso mudar o endereço de entrega?"),
        ("RU", "хочу отменить заказ"),
        ("RU", "можно поменять адрес доставки?"),
        ("TR", "siparişimi iptal etmek istiyorum"),
        ("TR", "teslimat adresini değiştirebilir miyim"),
        ("ID", "saya mau batalkan pesanan"),
        ("ID", "bisa ganti alamat pengiriman?"),
        ("MY", "saya nak batalkan pesanan"),
        ("MY", "boleh tukar alamat penghantaran?"),
        ("IN", "मुझे ऑर्डर कैंसिल करना है"),
        ("IN", "क्या एड्रेस बदल सकते हैं?"),
        ("AE", "ابي الغي الطلب"),
        ("AE", "ممكن اغير عنوان التوصيل؟"),
        ("CN", "我要取消订单"),
        ("CN", "可以改收货地址吗"),
        ("HK", "我想取消訂單"),
        ("HK", "可唔可以改地址"),
    ] {
        talk.another(country, &[]);
        order(&mut talk, paid());
        let answer = talk.write(words);
        assert_eq!(reason(&answer), Some("order-change"), "{words}: {}", seen(&answer));
    }
    // One that nothing is known of here, too; to ask how it would be is no wish.
    talk.another("US", &[]);
    assert_eq!(reason(&talk.write("i want to cancel my order")), Some("order-change"));
    talk.another("US", &[]);
    order(&mut talk, paid());
    let answer = talk.write("where is my order?");
    expect(&answer, &["H-2001: paid"], &[]);
    assert_eq!(reason(&answer), None);
}

#[test]
fn whether_it_is_paid_and_when_it_comes_their_order_tells() {
    let mut talk = Talk::new("US");
    for (country, words) in [
        ("US", "did you receive my payment"),
        ("US", "i paid now"),
        ("DE", "ist meine Zahlung angekommen"),
        ("FR", "vous avez reçu mon paiement ?"),
        ("ES", "les llegó mi pago?"),
        ("IT", "avete ricevuto il pagamento?"),
        ("BR", "vocês receberam meu pagamento?"),
        ("RU", "оплата дошла?"),
        ("TR", "ödemem geldi mi"),
        ("ID", "pembayaran saya sudah masuk?"),
        ("MY", "bayaran saya dah masuk?"),
        ("IN", "मेरा पेमेंट मिला?"),
        ("AE", "وصلكم الدفع؟"),
        ("CN", "收到我的付款了吗"),
        ("HK", "收到我嘅付款未"),
        ("US", "when will it arrive"),
        ("DE", "wann kommt es an"),
        ("FR", "quand est-ce que ça arrive"),
        ("ES", "cuando llega"),
        ("IT", "quando arriva"),
        ("BR", "quando chega"),
        ("RU", "когда придет"),
        ("TR", "ne zaman gelir"),
        ("ID", "kapan sampai"),
        ("MY", "bila sampai"),
        ("IN", "कब तक आएगा"),
        ("AE", "متى يوصل"),
        ("CN", "什么时候能到"),
        ("HK", "幾時到"),
    ] {
        talk.another(country, &[]);
        order(&mut talk, paid());
        expect(&talk.write(words), &["H-2001"], &["product:P-", "[category:"]);
    }
    talk.another("US", &[]);
    expect(&talk.write("how can i pay?"), &["You can pay"], &["H-2001"]);
}

#[test]
fn of_several_orders_the_one_that_is_asked_after_is_told() {
    let mut talk = Talk::new("US");
    let told = |order: &str, state: &str, product: &str, category: &str| {
        let line = serde_json::json!({"product": product, "category": category, "price": 75});
        serde_json::json!({"event": "order", "order": order, "state": state, "lines": [line]})
    };
    for (words, holds, lacks) in [
        ("status of order H-5010", &["H-5010: paid"][..], &["H-5011"][..]),
        ("where are my headphones", &["H-5010: paid"], &["H-5011"]),
        ("where is my Stride Run?", &["H-5011: on its way"], &["H-5010"]),
        ("where is my order?", &["H-5011: on its way", "H-5010: paid"], &[]),
        ("where is order H-9999", &["A colleague"], &["H-5010", "H-5011"]),
    ] {
        talk.another("US", &[]);
        order(&mut talk, told("H-5010", "paid", "Hush 700", "electronics/headphones"));
        order(&mut talk, told("H-5011", "shipped", "Stride Run", "fashion/sneakers"));
        expect(&talk.write(words), holds, lacks);
    }
    // What has arrived is not told beside the one that comes.
    talk.another("US", &[]);
    order(&mut talk, told("H-1", "delivered", "Hush 700", "electronics/headphones"));
    order(&mut talk, told("H-2", "shipped", "Stride Run", "fashion/sneakers"));
    expect(&talk.write("where is my order?"), &["H-2: on its way"], &["H-1"]);
}

#[test]
fn an_order_that_is_written_down_is_one() {
    let mut talk = Talk::new("US");
    for (country, words) in [
        ("US", "my order: 2 pebble air"),
        ("US", "Name: John Smith\nOrder: 2 Pebble Air\nAddress: 5 Main St, Boston\nPayment: COD"),
        ("US", "my order is: 1 nova s5, 1 brick 20000"),
        ("US", "my order is a nova s5"),
        ("US", "this is my order: nova s5"),
        ("ID", "Nama: Budi\nPesanan: 2 Pebble Air\nAlamat: Jl Melati 5 Bandung\nBayar: COD"),
        ("MY", "Order: 2 pebble air\nAlamat: No 5 Jalan Ampang"),
        ("BR", "Pedido: 2 pebble air\nEndereço: Rua A 10, São Paulo\nPagamento: pix"),
        ("ES", "Pedido: 2 pebble air\nDirección: calle mayor 5, Madrid"),
        ("DE", "Bestellung: 2x Pebble Air, Lieferung an Hauptstr. 5 Berlin"),
        ("RU", "Заказ: 2 pebble air, Москва, Тверская 5"),
        ("FR", "Commande : 2 pebble air, 5 rue de la Paix Paris"),
        ("IT", "Ordine: 2 pebble air, via Roma 5 Milano"),
        ("TR", "Sipariş: 2 pebble air, Atatürk cad 5 İstanbul"),
        ("CN", "下单：pebble air 2个，地址北京朝阳路5号"),
        ("AE", "طلب: 2 pebble air، دبي شارع 5"),
        ("IN", "order: 2 pebble air, address 5 MG road Delhi"),
    ] {
        talk.another(country, &[]);
        let answer = talk.write(words);
        assert_eq!(reason(&answer), Some("ready-to-buy"), "{words}: {}", seen(&answer));
    }
    talk.another("US", &[]);
    talk.write("nova s5");
    assert_eq!(reason(&talk.write("my order please")), Some("ready-to-buy"));
    talk.another("US", &[]);
    assert_ne!(reason(&talk.write("where is my order: nova s5")), Some("ready-to-buy"));
}
