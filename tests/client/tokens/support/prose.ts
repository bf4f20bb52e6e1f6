/** One short story in many languages, and programs and data in many notations: what texts look like that people send. */

export const CHINESE = `昨天傍晚,我们沿着河边散步,想看看城市的灯光倒映在水面上。天气已经变冷了,但是没有人想回家。路过的老人告诉我们,
这座桥建于一九二六年,当时全城只有三辆汽车。后来战争来了,桥被炸毁过两次,又重建了两次。“每一次都比原来更结实,”他笑着说,“人也是一样。”

我们的系统每天处理大约 1,200 万次请求,其中百分之九十九点九在 50 毫秒内完成。如果服务器返回 429 错误,客户端应该等待
\`Retry-After\` 指定的时间,然后再重试;不要立即重发请求,否则会让情况变得更糟。建议使用指数退避算法,并加入随机抖动。
分词器把文本切成词元:常见的词往往只占一个词元,而生僻字可能要占两三个。因此,同样长度的中文文本,费用可能相差一倍。

第二天早上,市场里已经很热闹了。卖鱼的大声吆喝,卖菜的忙着给白菜浇水,孩子们背着书包从人群里挤过去。母亲买了两斤苹果、
半斤豆腐和一把小葱,又在门口的书摊前停下来,翻了翻一本旧的菜谱。她说,做菜和做人一样,火候最要紧:急了会糊,慢了就凉了。`;

export const ENGLISH = `Yesterday evening we walked along the river to see the lights of the town in the water. It had turned cold, but nobody
wanted to go home. An old man whom we met told us that the bridge was built in 1926, when there were three cars in the whole town. Then
came the war; it was blown up twice and built again twice. "Stronger every time," he said with a smile, "and so are people."

Our service handles about 12 million requests a day, 99.9% of them within 50 ms. When a server answers 429, the client should wait for as
long as \`Retry-After\` says and then try again; sending the request again at once only makes matters worse. Use exponential back-off with
jitter. A tokenizer cuts text into pieces: common words are often a single token, while rare ones may take three or four, so that two texts
of the same length can differ in cost by half.

The next morning the market was already busy. The fishmonger was shouting, somebody watered the cabbages, and children with satchels squeezed
through the crowd. Mother bought two pounds of apples, some bean curd and a bunch of spring onions, and stopped at the bookstall by the gate
to leaf through an old cookery book. Cooking, she used to say, is like living: it is all a matter of the right heat.`;

export const LANGUAGES: readonly string[] = [
  '昨日の夕方、私たちは川沿いを散歩して、水面に映る街の明かりを見に行きました。もう寒かったけれど、誰も家に帰りたがりませんでした。',
  'コンピューターのトークナイザーは、テキストを「トークン」に分割する。ユーザー123人が同時にアクセスしても大丈夫ですか?',
  '어제 저녁 우리는 강가를 따라 산책하며 물에 비친 도시의 불빛을 보러 갔다. 날씨가 추워졌지만 아무도 집에 가고 싶어 하지 않았다.',
  'ذهبنا مساء أمس في نزهة على ضفاف النهر لنرى أضواء المدينة منعكسة في الماء. كان الجو قد برد، لكن لم يرد أحد العودة إلى البيت.',
  'कल शाम हम नदी के किनारे टहलने गए थे ताकि शहर की रोशनी को पानी में देख सकें। मौसम ठंडा हो गया था, लेकिन कोई घर लौटना नहीं चाहता था।',
  'เมื่อวานตอนเย็นเราไปเดินเล่นริมแม่น้ำเพื่อดูแสงไฟของเมืองที่สะท้อนในน้ำ อากาศหนาวแล้วแต่ไม่มีใครอยากกลับบ้าน',
  'Вчера вечером мы гуляли вдоль реки, чтобы посмотреть, как огни города отражаются в воде. Похолодало, но домой никто не хотел.',
  'אתמול בערב יצאנו לטיול ארוך לאורך הנהר כדי לראות את אורות העיר משתקפים במים. כבר היה קר אבל אף אחד לא רצה לחזור הביתה.',
  'Χθες το βράδυ πήγαμε μια μεγάλη βόλτα κατά μήκος του ποταμού για να δούμε τα φώτα της πόλης να καθρεφτίζονται στο νερό.',
  'Hôm qua chúng tôi đã đi dạo dọc theo bờ sông để ngắm ánh đèn của thành phố phản chiếu trên mặt nước. Trời đã lạnh rồi.',
  "Hier soir, nous nous sommes promenés le long de la rivière pour voir les lumières de la ville. L'été était déjà loin ; on n'avait plus envie d'attendre.",
  'Gestern Abend gingen wir am Fluss spazieren, um die Lichter der Stadt im Wasser zu sehen. Die Straßenbahn fährt über die Brücke.',
  'Wczoraj wieczorem poszliśmy na długi spacer wzdłuż rzeki, żeby zobaczyć światła miasta odbijające się w wodzie.',
  'Ayer por la tarde paseamos junto al río para ver las luces de la ciudad. ¿Quién quería volver a casa? ¡Nadie!',
  'Dün akşam nehir boyunca yürüyüşe çıktık; şehrin ışıklarının suya yansımasını görmek istiyorduk. İstanbul ığüşöç.',
  'გუშინ საღამოს მდინარის პირას ვისეირნეთ, რომ ქალაქის სინათლეები გვენახა.',
  'গতকাল সন্ধ্যায় আমরা নদীর ধারে হাঁটতে গিয়েছিলাম শহরের আলো দেখতে।',
  'நேற்று மாலை நகரத்தின் விளக்குகளைப் பார்க்க ஆற்றங்கரையில் நடந்தோம்.',
  'Երեկ երեկոյան մենք զբոսնեցինք գետի երկայնքով։',
  'ትናንት ማታ በወንዙ ዳር ተራመድን።',
  'མདང་དགོང་ང་ཚོ་གཙང་པོའི་འགྲམ་དུ་འཆམ་འཆམ་ལ་ཕྱིན།',
  'ម្សិលមិញយើងបានដើរលេងតាមមាត់ទន្លេ។',
  '昨天傍晚我們沿著河邊散步,想看看城市的燈光倒映在水面上。𠮷野家的𪚥字。',
];

export const PROGRAMS: readonly string[] = [
  'export const add = (a: number, b: number): number => a + b;\n\nclass HTTPServer2 extends BaseServer<T[]> {\n\t#port = 8080;\n}\n',
  "def fibonacci(n):\n    if n < 2:\n        return n\n    return fibonacci(n - 1) + fibonacci(n - 2)\n\nprint([f'{i:>4}' for i in range(10)])\n",
  '#include <stdio.h>\n\nint main(int argc, char **argv) {\n  for (int i = 0; i < 10; ++i) printf("%d\\n", i * i);\n  return 0x1F & ~argc;\n}\n',
  'fn main() -> Result<(), Box<dyn Error>> {\n    let v: Vec<_> = (0..10).map(|x| x * 2).collect();\n    println!("{v:?}");\n    Ok(())\n}\n',
  'package main\n\nfunc (s *Server) Serve(ctx context.Context) error {\n\tselect {\n\tcase <-ctx.Done():\n\t\treturn ctx.Err()\n\t}\n}\n',
  'public static void main(String[] args) {\r\n    System.out.println("Grüße, 世界!");\r\n}\r\n',
  "SELECT u.id, COUNT(*) AS n FROM users u LEFT JOIN orders o ON o.user_id = u.id WHERE u.created_at >= '2026-01-01' GROUP BY 1;",
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is a shell's.
  '#!/bin/sh\nset -eu\nfor f in *.txt; do\n  grep -E "^[0-9]+$" "$f" | sort -n | uniq -c >> "${OUT:-/tmp/out}"\ndone\n',
  '<!doctype html>\n<div class="a b" data-x=\'{"y":1}\'>&nbsp;<br/></div>\n<!-- comment -->\n<style>.a::before{content:"\\201C"}</style>',
  'main = mapM_ print . takeWhile (< 100) $ iterate (*2) 1 where\n  infixr 5 +++\n  xs +++ ys = foldr (:) ys xs\n',
  '$x = preg_replace(\'/\\s+/\', " ", $_GET["q"] ?? \'\'); echo "<p>{$x}</p>";',
  'FROM node:24-alpine\nRUN apk add --no-cache curl && rm -rf /var/cache/apk/*\nCMD ["node", "--enable-source-maps", "main.js"]\n',
  '\\begin{equation}\n  \\int_0^\\infty e^{-x^2}\\,dx = \\frac{\\sqrt{\\pi}}{2} \\label{eq:gauss}\n\\end{equation}',
  '| a | b |\n|---|:-:|\n| 1 | `x` |\n\n1. **bold** _it_ ~~no~~ [link](https://example.com/a?b=c&d=%20#e)\n- [x] done\n',
  '@@ -1,7 +1,9 @@\n-old_line();\n+newLine(); // TODO?\n context\n',
  'mov eax, dword ptr [rbp-0x14]\njmp .L2\n.L2: xor ecx, ecx ; zero\n',
  'a.b.c?.d!.e::f->g=>h||i&&j??k<<=l>>>m===n!==o**p//q/*r*/s#t@u$v^w~x`y`z',
];

export const DATA: readonly string[] = [
  '{"id":"3f2a9c10-7b1e","amount":1234.56,"tags":["a","vip"],"ok":true,"none":null,"nested":{"x":[1,2,3],"y":{}}}',
  '{\n  "name": "@scope/package",\n  "version": "1.2.3-beta.4",\n  "dependencies": {\n    "left-pad": "^1.3.0"\n  }\n}\n',
  '{"text":"line\\nbreak \\"quoted\\" \\u4e2d\\u6587 中文","emoji":"😀"}',
  'id,name,amount\n1,"Smith, J.",10.50\n2,Łukasz,-3\n',
  'server:\n  port: 8080\n  hosts:\n    - a.example.com\n    - "b"\n  # comment\n',
  '[section]\nkey=value ; comment\npath=C:\\Users\\me\\file.txt\n',
  '2026-11-25T23:59:59.999Z INFO [http-1] GET /v1/models?limit=10 200 1.234ms 10.0.0.1:54321 "curl/8.5.0"',
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'deadbeef0123456789abcdefDEADBEEF 0xCAFEBABE #ff8800 \\x00\\xff',
  '<?xml version="1.0"?><a xmlns:b="urn:c"><b:d e="f">g</b:d><![CDATA[h]]></a>',
];

export const NUMBERS: readonly string[] = [
  '0 1 12 123 1234 12345 123456 1234567 12345678901234567890',
  '3.14159 -1e-10 1,000,000 1_000_000 0b1010 0o17 $9.99 50% 1/2 ½ ¼ Ⅷ ① ² ₃',
  '٠١٢٣٤٥٦٧٨٩ ०१२३४५६७८९ 一二三123四五六 123 １２３４ 𝟘𝟙𝟚𝟛',
  '+86 138-0013-8000 192.168.0.1 ::1 fe80::1%eth0 12:34:56 2026/11/25',
  '1st2nd3rd a1b2c3 1a22b333c4444d 第1章第23節 3月14日 100円 50元',
];
